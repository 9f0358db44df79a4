// Maps of the country stand a few hundred metres off the world's grid (gcj02 against wgs84), by a
// published formula. The client knows both and gives pages the one that they ask for.

export interface Point {
  lat: number;
  lng: number;
}

const AXIS = 6_378_245;
const FLATNESS = 0.006_693_421_622_965_943;

const inChina = ({ lat, lng }: Point) =>
  lat > 0.8293 && lat < 55.8271 && lng > 72.004 && lng < 137.8347;

const waves = (x: number) => 20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI);

function shift({ lat, lng }: Point): Point {
  const [x, y] = [lng - 105, lat - 35];
  const { PI } = Math;
  const root = Math.sqrt(Math.abs(x));
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    ((waves(x) +
      20 * Math.sin(y * PI) +
      40 * Math.sin((y / 3) * PI) +
      160 * Math.sin((y / 12) * PI) +
      320 * Math.sin((y * PI) / 30)) *
      2) /
      3;
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    ((waves(x) +
      20 * Math.sin(x * PI) +
      40 * Math.sin((x / 3) * PI) +
      150 * Math.sin((x / 12) * PI) +
      300 * Math.sin((x / 30) * PI)) *
      2) /
      3;
  const angle = (lat / 180) * PI;
  const magic = 1 - FLATNESS * Math.sin(angle) ** 2;
  const down = Math.sqrt(magic);
  return {
    lat: (north * 180) / (((AXIS * (1 - FLATNESS)) / (magic * down)) * PI),
    lng: (east * 180) / ((AXIS / down) * Math.cos(angle) * PI),
  };
}

/** From the world's grid onto the country's maps. */
export function toGcj02(point: Point): Point {
  if (!inChina(point)) return point;
  const by = shift(point);
  return { lat: point.lat + by.lat, lng: point.lng + by.lng };
}

/** From the country's maps onto the world's grid, right to less than a millimetre. */
export function toWgs84(point: Point): Point {
  let guess = point;
  for (let round = 0; round < 6; round += 1) {
    const there = toGcj02(guess);
    guess = { lat: guess.lat + point.lat - there.lat, lng: guess.lng + point.lng - there.lng };
  }
  return guess;
}
