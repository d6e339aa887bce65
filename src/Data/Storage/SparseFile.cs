using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace FitCluster.Data.Storage;

/// <summary>
/// A file of a given length that is filled piece by piece and read through a mapping. What was not filled takes no room. It has no
/// name once it is open: it goes with the last that reads it, or with the process. Written by calls and not through the mapping, so
/// that a full disk is an error and not a signal.
/// </summary>
internal sealed unsafe class SparseFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly string? _leftOver;

    /// <exception cref="IOException">There is no such folder, or no room.</exception>
    public SparseFile(string folder, long length)
    {
        Length = length;
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "blocks-" + Path.GetRandomFileName());
        var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 0);
        try
        {
            stream.SetLength(length);
            _handle = stream.SafeFileHandle;
            _file = MemoryMappedFile.CreateFromFile(
                stream, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            Pointer = pointer + _view.PointerOffset;
        }
        catch
        {
            stream.Dispose();
            File.Delete(path);
            throw;
        }

        if (OperatingSystem.IsWindows())
        {
            _leftOver = path;
        }
        else
        {
            File.Delete(path);
        }
    }

    ~SparseFile() => _view?.SafeMemoryMappedViewHandle.ReleasePointer();

    public long Length { get; }

    public byte* Pointer { get; }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_handle, bytes, offset);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _handle.Dispose();
        if (_leftOver is not null)
        {
            File.Delete(_leftOver);
        }

        GC.SuppressFinalize(this);
    }
}
