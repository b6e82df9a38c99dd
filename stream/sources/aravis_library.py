"""libaravis, called as it stands: no binding of Python's is installed beside it (PyGObject would need a compiler).

Knows the C functions that are used, their errors, and nothing of cameras. Aravis 0.8, LGPL-2.1-or-later.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint, c_uint32, c_uint64
from ctypes import c_void_p as pointer
from functools import cache
from typing import Any

from stream.sources.nodes import NodeError
from stream.sources.source import SourceError

NAMES = ("libaravis-0.8.so.0", "libaravis-0.8.so")
MISSING = "aravis: cameras need libaravis 0.8; on Debian: apt-get install libaravis-0.8-0"
# ArvDeviceError: the camera answered, and refuses. All others (time-out, not connected, access denied) are a loss.
REFUSALS = frozenset({0, 1, 7, 12, 13, 14, 15, 16})


class GError(ctypes.Structure):
    """GLib's."""

    _fields_ = [("domain", c_uint32), ("code", c_int), ("message", c_char_p)]


Error = POINTER(GError)
# Name → what it gives, what it takes. A function whose last argument is an Error is called through `Library.ask`.
FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "arv_update_device_list": (None, ()),
    "arv_get_n_devices": (c_uint, ()),
    **{
        f"arv_get_device_{word}": (c_char_p, (c_uint,))
        for word in ("id", "physical_id", "address", "vendor", "model", "serial_nbr", "protocol", "manufacturer_info")
    },
    "arv_open_device": (pointer, (c_char_p, POINTER(Error))),
    "arv_device_create_stream": (pointer, (pointer, pointer, pointer, POINTER(Error))),
    "arv_device_is_feature_available": (c_int, (pointer, c_char_p, POINTER(Error))),
    "arv_device_get_feature": (pointer, (pointer, c_char_p)),
    "arv_device_execute_command": (None, (pointer, c_char_p, POINTER(Error))),
    "arv_device_get_boolean_feature_value": (c_int, (pointer, c_char_p, POINTER(Error))),
    "arv_device_set_boolean_feature_value": (None, (pointer, c_char_p, c_int, POINTER(Error))),
    "arv_device_get_integer_feature_value": (c_int64, (pointer, c_char_p, POINTER(Error))),
    "arv_device_set_integer_feature_value": (None, (pointer, c_char_p, c_int64, POINTER(Error))),
    "arv_device_get_float_feature_value": (c_double, (pointer, c_char_p, POINTER(Error))),
    "arv_device_set_float_feature_value": (None, (pointer, c_char_p, c_double, POINTER(Error))),
    "arv_device_get_string_feature_value": (c_char_p, (pointer, c_char_p, POINTER(Error))),
    "arv_device_set_string_feature_value": (None, (pointer, c_char_p, c_char_p, POINTER(Error))),
    "arv_device_get_integer_feature_bounds": (
        None,
        (pointer, c_char_p, POINTER(c_int64), POINTER(c_int64), POINTER(Error)),
    ),
    "arv_device_get_integer_feature_increment": (c_int64, (pointer, c_char_p, POINTER(Error))),
    "arv_device_get_float_feature_bounds": (
        None,
        (pointer, c_char_p, POINTER(c_double), POINTER(c_double), POINTER(Error)),
    ),
    "arv_device_dup_available_enumeration_feature_values_as_strings": (
        POINTER(c_char_p),
        (pointer, c_char_p, POINTER(c_uint), POINTER(Error)),
    ),
    "arv_device_read_register": (c_int, (pointer, c_uint64, POINTER(c_uint32), POINTER(Error))),
    "arv_device_set_range_check_policy": (None, (pointer, c_int)),
    "arv_gv_device_is_controller": (c_int, (pointer,)),
    "arv_gv_device_set_packet_size_adjustment": (None, (pointer, c_int)),
    "arv_stream_push_buffer": (None, (pointer, pointer)),
    "arv_stream_timeout_pop_buffer": (pointer, (pointer, c_uint64)),
    "arv_stream_try_pop_buffer": (pointer, (pointer,)),
    "arv_buffer_new_allocate": (pointer, (c_size_t,)),
    "arv_buffer_get_status": (c_int, (pointer,)),
    "arv_buffer_get_frame_id": (c_uint64, (pointer,)),
    "arv_buffer_get_timestamp": (c_uint64, (pointer,)),
    "arv_buffer_get_image_data": (pointer, (pointer, POINTER(c_size_t))),
    "arv_buffer_get_image_width": (c_int, (pointer,)),
    "arv_buffer_get_image_height": (c_int, (pointer,)),
    "arv_buffer_get_image_padding": (None, (pointer, POINTER(c_int), POINTER(c_int))),
    "arv_device_error_quark": (c_uint32, ()),
    "arv_gc_error_quark": (c_uint32, ()),
    **{
        f"arv_{kind}_get_type": (c_size_t, ())
        for kind in ("gc_enumeration", "gc_boolean", "gc_command", "gc_float", "gc_integer", "gv_device")
    },
}
GOBJECT = {"g_object_unref": (None, (pointer,)), "g_type_check_instance_is_a": (c_int, (pointer, c_size_t))}
GLIB = {"g_free": (None, (pointer,)), "g_clear_error": (None, (POINTER(Error),))}


class Library:
    """The functions, each with its types. Waiting in one of them, Python goes on."""

    def __init__(self, aravis: ctypes.CDLL) -> None:
        self._functions: dict[str, Any] = {}
        tables = (
            (aravis, FUNCTIONS),
            (ctypes.CDLL("libgobject-2.0.so.0"), GOBJECT),
            (ctypes.CDLL("libglib-2.0.so.0"), GLIB),
        )
        for library, table in tables:
            for name, (gives, takes) in table.items():
                function = getattr(library, name)
                function.restype, function.argtypes = gives, list(takes)
                self._functions[name] = function

    def call(self, name: str, *words: Any) -> Any:
        """A function that cannot fail."""
        return self._functions[name](*words)

    def ask(self, camera: str, name: str, *words: Any) -> Any:
        """A function that may fail. Raises NodeError where the camera refuses, SourceError where it is lost."""
        error = Error()
        answer = self._functions[name](*words, byref(error))
        if not error:
            return answer
        domain, code, said = error.contents.domain, error.contents.code, _text(error.contents.message)
        self.call("g_clear_error", byref(error))
        if domain == self.call("arv_gc_error_quark") or (
            domain == self.call("arv_device_error_quark") and code in REFUSALS
        ):
            raise NodeError(said)
        raise SourceError(f"{camera}: {said}; is it powered, in this network, and used by no other program?")

    def is_a(self, instance: int, kind: str) -> bool:
        """Whether a GObject is of that kind, e.g. gc_float."""
        return bool(self.call("g_type_check_instance_is_a", instance, self.call(f"arv_{kind}_get_type")))


@cache
def library() -> Library:
    """Loaded once. Raises SourceError (final) where it is not installed."""
    for name in NAMES:
        try:
            return Library(ctypes.CDLL(name))
        except OSError as error:
            said = error
        except AttributeError as error:
            raise SourceError(
                f"{name} lacks a function ({error}); Aravis 0.8.20 or newer is needed", final=True
            ) from None
    raise SourceError(f"{MISSING} ({said})", final=True)


def _text(said: bytes | None) -> str:
    return (said or b"no reason given").decode(errors="replace").strip()
