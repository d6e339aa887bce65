using System.Security.Cryptography;
using FitCluster.Data.Storage;

namespace FitCluster.Data.Store;

/// <summary>A file of a store in a folder, mapped.</summary>
internal sealed unsafe class CheckedFile : StoreBlocks
{
    private readonly StoreFile _file;
    private readonly MappedFile _mapped;
    private readonly bool[] _checked;

    public CheckedFile(string folder, StoreFile file)
    {
        _file = file;
        var path = System.IO.Path.Combine(folder, file.Name);
        var info = new FileInfo(path);
        if (!info.Exists || info.Length != file.Length || file.Length == 0)
        {
            throw new DataException($"{path} has {(info.Exists ? info.Length : 0)} bytes where {file.Length} belong to the store; " +
                "it is cut off or changed: ingest the data again");
        }

        _mapped = MappedFile.Open(path);
        _checked = new bool[file.BlockSha256.Count];
        if (_checked.Length != (file.Length + file.BlockBytes - 1) / file.BlockBytes)
        {
            throw new DataException($"{path} has no checksums for all of its blocks; ingest the data again");
        }
    }

    public override byte* Pointer => _mapped.Pointer;

    public override long Length => _mapped.Length;

    /// <inheritdoc/>
    /// <remarks>Each block once. Two threads may check the same block; that does no harm.</remarks>
    public override void Check(long offset, long length)
    {
        if (length <= 0)
        {
            return;
        }

        for (var b = offset / _file.BlockBytes; b <= (offset + length - 1) / _file.BlockBytes; b++)
        {
            if (Volatile.Read(ref _checked[b]))
            {
                continue;
            }

            var start = b * _file.BlockBytes;
            var bytes = new ReadOnlySpan<byte>(Pointer + start, (int)long.Min(_file.BlockBytes, Length - start));
            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != _file.BlockSha256[(int)b])
            {
                throw new DataException(
                    $"{_mapped.Path} is damaged: block {b} (bytes {start} to {start + bytes.Length}) differs from its checksum; ingest " +
                    "the data again");
            }

            Volatile.Write(ref _checked[b], true);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _mapped.Dispose();
        }
    }
}
