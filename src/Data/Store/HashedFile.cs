using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FitCluster.Data.Store;

/// <summary>A file that is written once, from front to back, with the SHA-256 of each of its blocks.</summary>
internal sealed class HashedFile : IDisposable
{
    public const int BlockBytes = 1 << 22;
    private const int LeastBytes = 64;
    private readonly FileStream _stream;
    private readonly byte[] _block = new byte[BlockBytes];
    private readonly List<string> _hashes = [];
    private readonly string _name;
    private int _filled;
    private long _length;

    public HashedFile(string folder, string name)
    {
        _name = name;
        _stream = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
    }

    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        while (bytes.Length > 0)
        {
            var count = int.Min(bytes.Length, BlockBytes - _filled);
            bytes[..count].CopyTo(_block.AsSpan(_filled));
            _filled += count;
            bytes = bytes[count..];
            if (_filled == BlockBytes)
            {
                EndBlock();
            }
        }
    }

    public void Write<T>(T value)
        where T : unmanaged => Write(new ReadOnlySpan<T>(in value));

    /// <summary>Brings everything to the disk. A file is never empty, so that it can be mapped.</summary>
    public StoreFile Finish()
    {
        if (_length == 0 && _filled == 0)
        {
            Write<byte>(new byte[LeastBytes]);
        }

        EndBlock();
        _stream.Flush(flushToDisk: true);
        return new StoreFile(_name, _length, BlockBytes, _hashes);
    }

    public void Dispose() => _stream.Dispose();

    private void EndBlock()
    {
        if (_filled > 0)
        {
            var block = _block.AsSpan(0, _filled);
            _hashes.Add(Convert.ToHexStringLower(SHA256.HashData(block)));
            _stream.Write(block);
            _length += _filled;
            _filled = 0;
        }
    }
}
