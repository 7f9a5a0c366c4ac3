// Draws pictures of round gauges as a camera before a machine would see them: dials of many looks, tilted, off centre, in changing light.
import type { Pixels } from '../../../worker/pipeline/pixels.ts';
import type { Random } from '../../random.ts';

/** What the needle says. */
export const readings = ['low', 'normal', 'high'] as const;
export type Reading = (typeof readings)[number];

/** Below the first the gauge reads low, above the second high; a share of the scale. */
export const limits = [0.25, 0.75] as const;
/** No needle stands so near to a limit: people would not agree on it either. */
const margin = 0.02;

/** @param value where the needle stands, 0 to 1 of the scale */
export function readingOf(value: number): Reading {
  if (value < limits[0]) return 'low';
  return value > limits[1] ? 'high' : 'normal';
}

type Colour = readonly [red: number, green: number, blue: number];

/** How a gauge looks and where it stands in its picture. */
interface Look {
  readonly side: number;
  readonly centre: readonly [x: number, y: number];
  readonly radius: number;
  /** Height over width of the dial, which is seen from aside. */
  readonly squash: number;
  /** The whole dial, in radians. */
  readonly turn: number;
  readonly wall: readonly [Colour, Colour];
  readonly rim: Colour;
  readonly face: Colour;
  readonly ink: Colour;
  readonly needle: Colour;
  /** Colours of low, normal and high along the scale; null for a scale without. */
  readonly zones: readonly [Colour, Colour, Colour] | null;
  readonly ticks: number;
  readonly needleWidth: number;
  readonly needleLength: number;
  /** A small hand that somebody has set, which the model has to ignore; null for none. */
  readonly marker: number | null;
  readonly light: number;
  readonly lean: readonly [number, number];
  /** A reflection on the glass. */
  readonly glare: { readonly x: number; readonly y: number; readonly size: number; readonly strength: number } | null;
  readonly noise: number;
}

export interface DrawnGauge {
  readonly picture: Pixels;
  readonly value: number;
  readonly reading: Reading;
}

/** @returns a picture of one of the readings, each as likely as the others, 64 to 192 pixels wide and high */
export function drawGauge(random: Random): DrawnGauge {
  const value = drawValue(random);
  return { picture: paint(drawLook(random), value, random), value, reading: readingOf(value) };
}

/** A plain dial in good light, for people to look at. */
export function drawPlainGauge(value: number, side: number, random: Random): Pixels {
  const look: Look = {
    ...{ side, centre: [side * 0.51, side * 0.49], radius: side * 0.42, squash: 0.97, turn: 0.05 },
    wall: [
      [96, 104, 110],
      [60, 66, 72],
    ],
    ...{ rim: [150, 152, 156], face: [244, 243, 236], ink: [30, 30, 34], needle: [200, 40, 30] },
    zones: [
      [230, 190, 70],
      [110, 180, 110],
      [214, 92, 80],
    ],
    ...{ ticks: 10, needleWidth: 0.05, needleLength: 0.74, marker: null, light: 1, lean: [0.06, 0.05] },
    ...{ glare: { x: -0.35, y: -0.4, size: 0.3, strength: 0.12 }, noise: 0 },
  };
  return paint(look, value, random);
}

function drawValue(random: Random): number {
  const [low, high] = limits;
  const [from, to] = [
    [0, low - margin],
    [low + margin, high - margin],
    [high + margin, 1],
  ][Math.floor(random.uniform() * readings.length)] as [number, number];
  return from + (to - from) * random.uniform();
}

function drawLook(random: Random): Look {
  const between = (from: number, to: number) => from + (to - from) * random.uniform();
  const grey = (from: number, to: number): Colour => {
    const level = between(from, to);
    return [level + between(-12, 12), level + between(-12, 12), level + between(-12, 12)];
  };
  const side = Math.round(between(64, 192));
  const isDark = random.chance(0.25);
  const hasZones = random.chance(0.6);
  return {
    side,
    centre: [side * between(0.42, 0.58), side * between(0.42, 0.58)],
    radius: side * between(0.32, 0.46),
    squash: between(0.85, 1),
    turn: between(-0.2, 0.2),
    wall: [grey(20, 220), grey(20, 220)],
    rim: grey(40, 210),
    face: isDark ? grey(15, 50) : grey(205, 250),
    ink: isDark ? grey(190, 240) : grey(10, 70),
    needle: needleColour(random, isDark),
    zones: hasZones ? zoneColours(random) : null,
    ticks: random.chance(0.5) ? 10 : 8,
    needleWidth: between(0.035, 0.075),
    needleLength: between(0.6, 0.8),
    marker: random.chance(0.2) ? random.uniform() : null,
    light: between(0.6, 1.15),
    lean: [between(-0.25, 0.25), between(-0.25, 0.25)],
    glare: random.chance(0.4)
      ? { x: between(-0.7, 0.7), y: between(-0.7, 0.7), size: between(0.15, 0.5), strength: between(0.1, 0.45) }
      : null,
    noise: between(0, 14),
  };
}

function needleColour(random: Random, isDark: boolean): Colour {
  const colours: readonly Colour[] = isDark
    ? [
        [240, 240, 240],
        [250, 140, 40],
        [230, 60, 50],
      ]
    : [
        [20, 20, 22],
        [190, 35, 30],
        [30, 50, 120],
      ];
  return colours[Math.floor(random.uniform() * colours.length)] ?? [0, 0, 0];
}

function zoneColours(random: Random): [Colour, Colour, Colour] {
  const low: Colour = random.chance(0.5) ? [235, 195, 70] : [95, 140, 210];
  return [low, [105, 180, 110], [215, 85, 75]];
}

/** The scale goes over three quarters of a circle, clockwise from the lower left. */
const [scaleStart, scaleSweep] = [0.75 * Math.PI, 1.5 * Math.PI];

function paint(look: Look, value: number, random: Random): Pixels {
  const { side, centre, radius, squash, turn, wall, lean, light, noise } = look;
  const rgba = new Uint8ClampedArray(side * side * 4);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const soft = radius;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [dx, dy] = [(x + 0.5 - centre[0]) / radius, (y + 0.5 - centre[1]) / (radius * squash)];
      const [u, v] = [dx * cos + dy * sin, dy * cos - dx * sin];
      const ground = mix(wall[0], wall[1], y / side);
      const colour = Math.hypot(u, v) < 1.1 ? dial(look, value, ground, u, v, soft) : ground;
      const shade = light * (1 + lean[0] * dx + lean[1] * dy);
      const shine = glareAt(look, u, v);
      const grain = noise === 0 ? 0 : random.normal(0, noise);
      const at = (y * side + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        const level = (colour[channel] ?? 0) * shade;
        rgba[at + channel] = level + (255 - level) * shine + grain;
      }
      rgba[at + 3] = 255;
    }
  }
  return { width: side, height: side, rgba };
}

/** @param soft pixels of a radius, over one of which an edge is spread */
function dial(look: Look, value: number, ground: Colour, u: number, v: number, soft: number): Colour {
  const distance = Math.hypot(u, v);
  /** 1 inside, 0 outside. */
  const within = (signed: number) => Math.max(0, Math.min(1, 0.5 - signed * soft));
  let colour = mix(ground, look.rim, within(distance - 1));
  colour = mix(colour, look.face, within(distance - 0.9));
  const along = scalePlace(Math.atan2(v, u));
  if (look.zones !== null && along >= 0 && along <= 1) {
    const zone = look.zones[readings.indexOf(readingOf(along))] ?? look.face;
    colour = mix(colour, zone, within(Math.abs(distance - 0.76) - 0.06) * 0.85);
  }
  const tick = Math.round(along * look.ticks) / look.ticks;
  if (along > -0.02 && along < 1.02) {
    const aside = Math.abs(along - tick) * scaleSweep * distance;
    colour = mix(colour, look.ink, within(aside - 0.014) * within(Math.abs(distance - 0.78) - 0.07));
  }
  if (look.marker !== null) {
    const aside = Math.abs(along - look.marker) * scaleSweep * distance;
    colour = mix(colour, [200, 60, 160], within(aside - 0.03) * within(Math.abs(distance - 0.84) - 0.05));
  }
  const [needleU, needleV] = [Math.cos(scaleAngle(value)), Math.sin(scaleAngle(value))];
  const ahead = u * needleU + v * needleV;
  const aside = Math.abs(v * needleU - u * needleV);
  const taper = look.needleWidth * (1 - (0.7 * Math.max(0, ahead)) / look.needleLength);
  const isNeedle = within(aside - taper) * within(ahead - look.needleLength) * within(-0.18 - ahead);
  colour = mix(colour, look.needle, isNeedle);
  return mix(colour, look.ink, within(distance - 0.09));
}

function glareAt({ glare }: Look, u: number, v: number): number {
  if (glare === null || Math.hypot(u, v) > 0.9) return 0;
  const away = Math.hypot(u - glare.x, (v - glare.y) * 1.6) / glare.size;
  return away < 1 ? glare.strength * (1 - away * away) : 0;
}

function scaleAngle(value: number): number {
  return scaleStart + value * scaleSweep;
}

/** Where on the scale an angle lies; below 0 and above 1 in the gap at the bottom. */
function scalePlace(angle: number): number {
  const behind = (angle - scaleStart + 4 * Math.PI) % (2 * Math.PI);
  const gap = 2 * Math.PI - scaleSweep;
  return (behind > scaleSweep + gap / 2 ? behind - 2 * Math.PI : behind) / scaleSweep;
}

function mix(from: Colour, to: Colour, share: number): Colour {
  if (share <= 0) return from;
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}
