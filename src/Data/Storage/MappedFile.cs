using System.IO.MemoryMappedFiles;

namespace FitCluster.Data.Storage;

/// <summary>A file mapped into memory, read-only or as writable scratch; unmapped when disposed or no longer reachable.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly string? _scratch;

    private MappedFile(string path, long length, bool scratch)
    {
        Path = path;
        Length = length;
        if (length == 0)
        {
            return;
        }

        _scratch = scratch ? path : null;
        _file = scratch
            ? MemoryMappedFile.CreateFromFile(path, FileMode.CreateNew, null, length)
            : MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, length, scratch ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Pointer = pointer + _view.PointerOffset;
        if (scratch && !OperatingSystem.IsWindows())
        {
            // The name goes at once, the content with the last mapping: a killed process leaves nothing behind.
            File.Delete(path);
            _scratch = null;
        }
    }

    ~MappedFile() => _view?.SafeMemoryMappedViewHandle.ReleasePointer();

    public string Path { get; }

    public long Length { get; }

    public byte* Pointer { get; }

    public static MappedFile Open(string path) => new(path, LengthOf(path), scratch: false);

    /// <summary>The length of a file, and of what a link leads to.</summary>
    public static long LengthOf(string path)
    {
        using var file = File.OpenHandle(path);
        return RandomAccess.GetLength(file);
    }

    /// <summary>A file of zeros in the folder for temporary files, deleted when disposed.</summary>
    public static MappedFile Scratch(long length) =>
        new(System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fitcluster-" + System.IO.Path.GetRandomFileName()), length,
            scratch: true);

    public void Dispose()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }

        if (_scratch is not null)
        {
            File.Delete(_scratch);
        }

        GC.SuppressFinalize(this);
    }
}
