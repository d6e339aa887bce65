using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FitCluster.Data.Storage;

/// <summary>
/// Memory outside the garbage-collected heap, aligned to 64 bytes, that can grow in place and be larger than an array. Its pages
/// become resident only when they are written. Freed when disposed or no longer reachable.
/// </summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;
    private byte* _memory;
    private nuint _offset;

    public NativeBuffer(long capacity)
    {
        Capacity = long.Max(capacity, 1);
        _memory = (byte*)NativeMemory.Alloc(Bytes(Capacity));
        _offset = Misfit(_memory);
    }

    ~NativeBuffer() => NativeMemory.Free(_memory);

    public long Capacity { get; private set; }

    /// <summary>The first element; moves when the buffer grows.</summary>
    public T* Pointer => (T*)(_memory + _offset);

    /// <summary>Makes room for at least <paramref name="needed"/> elements; large buffers are remapped, not copied.</summary>
    public void Reserve(long needed)
    {
        if (needed > Capacity)
        {
            Resize(long.Max(needed, Capacity + (Capacity / 2)), Capacity);
        }
    }

    /// <summary>Gives back what lies beyond the first <paramref name="used"/> elements.</summary>
    public void Trim(long used)
    {
        if (used < Capacity)
        {
            Resize(long.Max(used, 1), used);
        }
    }

    public Span<T> Span(long first, long count) => new(Pointer + first, checked((int)count));

    public void Clear(long count)
    {
        NativeMemory.Clear(Pointer, (nuint)count * (nuint)sizeof(T));
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        Capacity = 0;
        GC.SuppressFinalize(this);
    }

    private static nuint Bytes(long capacity) => ((nuint)capacity * (nuint)sizeof(T)) + Alignment;

    private static nuint Misfit(byte* memory) => (Alignment - ((nuint)memory % Alignment)) % Alignment;

    private void Resize(long capacity, long used)
    {
        var old = _offset;
        _memory = (byte*)NativeMemory.Realloc(_memory, Bytes(capacity));
        _offset = Misfit(_memory);
        if (_offset != old)
        {
            Buffer.MemoryCopy(_memory + old, _memory + _offset, (long)Bytes(capacity) - (long)_offset, used * Unsafe.SizeOf<T>());
        }

        Capacity = capacity;
    }
}
