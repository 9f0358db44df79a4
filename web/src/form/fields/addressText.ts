// An address as people paste it: `广东省广州市天河区体育西路 1 号`. What ends like a region is one.

const PROVINCE = /^(.{2,9}?(?:特别行政区|自治区|省)|(?:北京|上海|天津|重庆)市?)/;
const CITY = /^(.{1,12}?(?:自治州|地区|盟|市))/;
const DISTRICT = /^(.{1,12}?(?:自治县|自治旗|新区|区|县|旗|市))/;

export interface Address {
  region: string[];
  detail: string;
}

export function addressIn(text: string): Address {
  let rest = text.replace(/\s+/g, " ").trim();
  const region: string[] = [];
  for (const level of [PROVINCE, CITY, DISTRICT]) {
    const found = level.exec(rest)?.[1];
    if (found === undefined) continue;
    region.push(found);
    rest = rest.slice(found.length).trimStart();
  }
  // One word that merely ends so is a street in a place that everybody knows, and no region.
  return region.length < 2 && !PROVINCE.test(text.trim())
    ? { region: [], detail: text.trim() }
    : { region, detail: rest };
}
