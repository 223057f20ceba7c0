"""Runs a Python program after making an HDF5 filter available to h5py, however this machine has it.

    hdf5_filters.py FILTER_ID PROGRAM [ARGUMENT...]

It takes the package hdf5plugin where that brings the filter; for LZ4 a plugin of the system; for Zstandard the system's
libzstd, with which a filter is a dozen lines. Exits 77 if there is none.
"""
import ctypes
import ctypes.util
import glob
import os
import runpy
import sys

# A plugin folder of the system may hold plugins that cannot be loaded, and HDF5 then finds none of the others.
os.environ.setdefault("HDF5_PLUGIN_PATH", os.path.dirname(os.path.abspath(__file__)))

import h5py

try:
    import hdf5plugin  # noqa: F401
except ImportError:
    pass

LZ4, ZSTD = 32004, 32015
FILTER = ctypes.CFUNCTYPE(
    ctypes.c_size_t,
    ctypes.c_uint,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_size_t),
    ctypes.POINTER(ctypes.c_void_p),
)


class FilterClass(ctypes.Structure):
    """H5Z_class2_t."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("id", ctypes.c_int),
        ("encoder_present", ctypes.c_uint),
        ("decoder_present", ctypes.c_uint),
        ("name", ctypes.c_char_p),
        ("can_apply", ctypes.c_void_p),
        ("set_local", ctypes.c_void_p),
        ("filter", FILTER),
    ]


def library_of_h5py():
    with open("/proc/self/maps") as maps:
        return ctypes.CDLL(next(line.split()[-1] for line in maps if "/libhdf5" in line and "_hl" not in line))


def zstd_class(hdf5):
    zstd = ctypes.CDLL(ctypes.util.find_library("zstd"))
    zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    zstd.ZSTD_getFrameContentSize.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    zstd.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
    hdf5.H5allocate_memory.restype = ctypes.c_void_p
    hdf5.H5allocate_memory.argtypes = [ctypes.c_size_t, ctypes.c_uint]
    hdf5.H5free_memory.argtypes = [ctypes.c_void_p]

    def decode(flags, option_count, options, byte_count, buffer_bytes, buffer):
        size = zstd.ZSTD_getFrameContentSize(buffer[0], byte_count)
        decoded = hdf5.H5allocate_memory(size, 0)
        if zstd.ZSTD_decompress(decoded, size, buffer[0], byte_count) != size:
            return 0
        hdf5.H5free_memory(buffer[0])
        buffer[0], buffer_bytes[0] = decoded, size
        return size

    return FilterClass(1, ZSTD, 0, 1, b"zstd", None, None, FILTER(decode))


def register(filter_id):
    hdf5 = library_of_h5py()
    hdf5.H5Zregister.argtypes = [ctypes.c_void_p]
    if filter_id == ZSTD and ctypes.util.find_library("zstd"):
        register.kept = zstd_class(hdf5)  # HDF5 goes on calling it
        hdf5.H5Zregister(ctypes.addressof(register.kept))
    for plugin in glob.glob("/usr/lib/*/hdf5/serial/plugins/libh5lz4.so") if filter_id == LZ4 else []:
        library = ctypes.CDLL(plugin)
        library.H5PLget_plugin_info.restype = ctypes.c_void_p
        hdf5.H5Zregister(library.H5PLget_plugin_info())


def main():
    filter_id = int(sys.argv[1])
    if not h5py.h5z.filter_avail(filter_id):
        register(filter_id)
    if not h5py.h5z.filter_avail(filter_id):
        sys.exit(77)
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
