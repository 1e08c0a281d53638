"""``tensorflow.compat``: ``import tensorflow.compat.v1 as tf`` runs programs in TensorFlow 1's words."""

from __future__ import annotations

from . import v1 as v1
