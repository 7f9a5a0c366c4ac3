"""Draws lines of writing with Pillow, and prepares them as PaddleOCR does: the tensors that a model should be given.

usage: draw_lines.py FOLDER < [{"text", "font", "size", "ink", "ground"}, ...]
writes N.png and N.f32 (float32, [3, 48, width]) for each, and prints [{"width"}, ...]
"""
import json
import math
import sys

import numpy
from PIL import Image, ImageDraw, ImageFont

HEIGHT, LEAST, MOST = 48, 320, 2400


def draw(text, font, size, ink, ground):
    face = ImageFont.truetype(font, size)
    left, top, right, bottom = face.getbbox(text)
    margin = size // 3
    picture = Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), tuple(ground))
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, font=face, fill=tuple(ink))
    return picture


def prepare(picture):
    width = min(MOST, max(1, math.ceil(HEIGHT * picture.width / picture.height)))
    resized = picture.resize((width, HEIGHT), Image.Resampling.BILINEAR)
    values = (numpy.asarray(resized, dtype=numpy.float64) / 255 - 0.5) / 0.5
    batch = numpy.zeros((3, HEIGHT, max(LEAST, width)), dtype=numpy.float32)
    batch[:, :, :width] = values[:, :, ::-1].transpose(2, 0, 1)
    return batch


folder = sys.argv[1]
widths = []
for index, line in enumerate(json.load(sys.stdin)):
    picture = draw(line["text"], line["font"], line["size"], line["ink"], line["ground"])
    picture.save(f"{folder}/{index}.png")
    tensor = prepare(picture)
    tensor.tofile(f"{folder}/{index}.f32")
    widths.append({"width": tensor.shape[2]})
json.dump(widths, sys.stdout)
