// Numbers and names as people read them.

const UNITS = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];

const GAP = "\u00a0"; // keeps a number and its sign on one line

/** 0.934 -> "93 %". What is not quite none or all never reads as if it were. */
export function percent(share) {
  if (share > 0 && share < 0.005) return `<${GAP}1${GAP}%`;
  if (share < 1 && share >= 0.995) return `>${GAP}99${GAP}%`;
  return `${Math.round(share * 100)}${GAP}%`;
}

/** 83.4 -> "1:23" */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}

/** 7.21 -> "7.2 s" */
export function seconds(value) {
  return value < 60 ? `${value.toFixed(1)} s` : clock(value);
}

/** 12.34 -> "12 ms", 1234 -> "1.2 s" */
export function milliseconds(value) {
  if (value < 1) return "< 1 ms";
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** 2_400_000 -> "2.4 MB" */
export function bytes(value) {
  if (value < 1000) return `${value} bytes`;
  return `${short(value)}B`;
}

/** 1_253_000_000 -> "1.25 G" */
export function short(value) {
  const [size, unit] = UNITS.find(([least]) => value >= least) ?? [1, ""];
  return `${Number((value / size).toPrecision(3))} ${unit}`;
}

/** "BoxingPunchingBag" -> "Boxing punching bag". Names that are written in another way stay as they are. */
export function action(name) {
  if (!/^([A-Z][a-z]+)+$/.test(name)) return name;
  return name[0] + name.slice(1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** "videoxception-c" -> "VideoXception C" */
export function modelName(name) {
  return name.replace(/^videoxception-(\w)$/, (_, type) => `VideoXception ${type.toUpperCase()}`);
}
