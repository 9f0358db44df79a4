//! Works a rule out. Total: whatever the answers are, there is a result or a [`Trap`].

use std::cmp::Ordering;

use super::{Datum, Facts, Node, Order, Ratio, Trap};

impl Node {
    pub(super) fn eval<'a>(&'a self, facts: &'a dyn Facts) -> Result<Datum<'a>, Trap> {
        Ok(match self {
            Self::Const(one) => one.datum(),
            Self::Var { id, or } => match facts.get(*id)? {
                Datum::Null => or.datum(),
                datum => datum,
            },
            Self::And(nodes) => Datum::Bool(all_are(true, nodes, facts)?),
            Self::Or(nodes) => Datum::Bool(!all_are(false, nodes, facts)?),
            Self::Is { there, node } => Datum::Bool(is_there(&node.eval(facts)?)? == *there),
            Self::Same { same, pair } => {
                let (left, right) = both(pair, facts)?;
                Datum::Bool((left == right) == *same)
            }
            Self::Ordered(order, nodes) => Datum::Bool(in_order(*order, nodes, facts)?),
            Self::In(pair) => {
                let (needle, hay) = both(pair, facts)?;
                Datum::Bool(is_in(&needle, &hay)?)
            }
            Self::Sum(nodes) => fold(nodes, facts, Ratio::plus)?,
            Self::Product(nodes) => fold(nodes, facts, Ratio::times)?,
            Self::Negative(node) => match number(node.eval(facts)?)? {
                Some(number) => Datum::Number(number.negative()),
                None => Datum::Null,
            },
            Self::Difference(pair) => reckon(both(pair, facts)?, Ratio::minus)?,
            Self::Quotient(pair) => {
                let pair = both(pair, facts)?;
                if let Datum::Number(divisor) = pair.1
                    && divisor.is_zero()
                {
                    return Err(Trap::DivideByZero);
                }
                reckon(pair, Ratio::over)?
            }
        })
    }
}

/// A truth; no answer is false.
pub(super) fn truth(datum: Datum<'_>) -> Result<bool, Trap> {
    match datum {
        Datum::Null => Ok(false),
        Datum::Bool(truth) => Ok(truth),
        _ => Err(Trap::TypeClash),
    }
}

fn all_are(wanted: bool, nodes: &[Node], facts: &dyn Facts) -> Result<bool, Trap> {
    for node in nodes {
        if truth(node.eval(facts)?)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_there(datum: &Datum<'_>) -> Result<bool, Trap> {
    match datum {
        Datum::Null => Ok(false),
        Datum::Bool(truth) => Ok(*truth),
        Datum::Text(text) => Ok(!text.is_empty()),
        Datum::List(rows) => Ok(!rows.is_empty()),
        Datum::Object => Ok(true),
        Datum::Number(_) => Err(Trap::TypeClash),
    }
}

type Pair<'a> = (Datum<'a>, Datum<'a>);

fn both<'a>(pair: &'a (Node, Node), facts: &'a dyn Facts) -> Result<Pair<'a>, Trap> {
    Ok((pair.0.eval(facts)?, pair.1.eval(facts)?))
}

fn in_order(order: Order, nodes: &[Node], facts: &dyn Facts) -> Result<bool, Trap> {
    let mut data = nodes.iter().map(|node| node.eval(facts));
    let mut left = data.next().unwrap_or(Ok(Datum::Null))?;
    let mut holds = true;
    for right in data {
        let right = right?;
        holds &= match (&left, &right) {
            (Datum::Null, _) | (_, Datum::Null) => false,
            (Datum::Number(left), Datum::Number(right)) => order.holds(left.cmp(right)),
            // Dates and times are written at one width, so their texts stand in their order.
            (Datum::Text(left), Datum::Text(right)) => order.holds(left.cmp(right)),
            _ => return Err(Trap::TypeClash),
        };
        left = right;
    }
    Ok(holds)
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrSame => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrSame => ordering.is_ge(),
        }
    }
}

fn is_in(needle: &Datum<'_>, hay: &Datum<'_>) -> Result<bool, Trap> {
    match (needle, hay) {
        (Datum::Null, _) | (_, Datum::Null) => Ok(false),
        (Datum::Text(needle), Datum::Text(hay)) => Ok(hay.contains(needle)),
        (Datum::Number(_) | Datum::Text(_), Datum::List(rows)) => Ok(rows.contains(needle)),
        _ => Err(Trap::TypeClash),
    }
}

fn number(datum: Datum<'_>) -> Result<Option<Ratio>, Trap> {
    match datum {
        Datum::Null => Ok(None),
        Datum::Number(number) => Ok(Some(number)),
        _ => Err(Trap::TypeClash),
    }
}

type Reckon = fn(Ratio, Ratio) -> Option<Ratio>;

fn reckon<'a>(pair: Pair<'a>, with: Reckon) -> Result<Datum<'a>, Trap> {
    match (number(pair.0)?, number(pair.1)?) {
        (Some(left), Some(right)) => with(left, right).map(Datum::Number).ok_or(Trap::Overflow),
        _ => Ok(Datum::Null),
    }
}

fn fold<'a>(nodes: &'a [Node], facts: &'a dyn Facts, with: Reckon) -> Result<Datum<'a>, Trap> {
    let mut data = nodes.iter().map(|node| node.eval(facts));
    let first = data.next().unwrap_or(Ok(Datum::Null))?;
    data.try_fold(first, |so_far, next| reckon((so_far, next?), with))
}
