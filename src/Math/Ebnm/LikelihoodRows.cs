using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The n x M matrix L of component likelihoods, each row divided by its largest entry. A row keeps only the stretch of columns outside of
/// which entries are below 1e-20: at a maximum-likelihood mixture (L pi)_i &gt;= 1/n, so that what is left out changes it by less than n
/// 1e-20. Stretches begin and end at multiples of 8 columns. Rows are held in chunks, each owned by this object.
/// </summary>
internal sealed class LikelihoodRows(int components)
{
    private const int ChunkRows = 2048;
    private const double Negligible = 1e-20;

    // At an optimum (L pi)_i >= 1 / n; squares of the inverse stay finite.
    private const double LeastMass = 1e-50;
    private readonly List<Chunk> chunks = [];
    private double[] filling = [];
    private int[] fillingOffsets = [];
    private int[] fillingFirst = [];
    private int fillingRows;

    /// <summary>M.</summary>
    public int Components => components;

    /// <summary>M rounded up to a multiple of 8: the length of vectors over components.</summary>
    public int Width { get; } = (components + 7) & ~7;

    /// <summary>n.</summary>
    public int Count { get; private set; }

    /// <summary>The sum of the logarithms of what rows were divided by: log-likelihood = LogScale + sum_i log (L pi)_i.</summary>
    public double LogScale { get; set; }

    /// <summary>Adds the row values[k * stride], k = 0 ... M-1, whose largest entry is 1.</summary>
    public void Add(ReadOnlySpan<double> values, int stride)
    {
        if (filling.Length == 0)
        {
            filling = new double[ChunkRows * Width];
            fillingOffsets = new int[ChunkRows + 1];
            fillingFirst = new int[ChunkRows];
        }

        var first = 0;
        while (values[first * stride] < Negligible)
        {
            first++;
        }

        var last = components - 1;
        while (values[last * stride] < Negligible)
        {
            last--;
        }

        first &= ~7;
        var end = (last + 8) & ~7;
        var offset = fillingOffsets[fillingRows];
        for (var k = first; k < end; k++)
        {
            filling[offset + k - first] = k < components ? values[k * stride] : 0;
        }

        fillingFirst[fillingRows] = first;
        fillingOffsets[++fillingRows] = offset + end - first;
        Count++;
        if (fillingRows == ChunkRows)
        {
            Complete();
        }
    }

    /// <summary>Ends the adding of rows.</summary>
    public void Complete()
    {
        if (fillingRows > 0)
        {
            var values = filling.AsSpan(0, fillingOffsets[fillingRows]).ToArray();
            chunks.Add(new Chunk(values, fillingOffsets[..(fillingRows + 1)], fillingFirst[..fillingRows]));
            fillingRows = 0;
        }
    }

    /// <summary>Every stride-th row, as a matrix of its own.</summary>
    public LikelihoodRows Thin(int stride)
    {
        var thin = new LikelihoodRows(components);
        var row = new double[Width];
        var index = 0;
        foreach (var chunk in chunks)
        {
            for (var i = 0; i < chunk.First.Length; i++, index++)
            {
                if (index % stride == 0)
                {
                    Array.Clear(row);
                    chunk.Row(i).CopyTo(row.AsSpan(chunk.First[i]));
                    thin.Add(row, 1);
                }
            }
        }

        thin.Complete();
        return thin;
    }

    /// <summary>result = L v, for v of length Width, 0 past M.</summary>
    public void Multiply(ReadOnlySpan<double> v, Span<double> result)
    {
        var index = 0;
        foreach (var chunk in chunks)
        {
            for (var i = 0; i < chunk.First.Length; i++, index++)
            {
                var row = chunk.Row(i);
                result[index] = Dot(row, v.Slice(chunk.First[i], row.Length));
            }
        }
    }

    /// <summary>
    /// One pass: inverse[i] = 1 / (L pi)_i, gradient_k = sum_i L_ik / (L pi)_i, and the sum of log (L pi)_i, which is returned
    /// (-infinity when some row has less mass than 1e-50). Vectors over components have length Width; pi is 0 past M.
    /// </summary>
    public double Gradient(ReadOnlySpan<double> pi, Span<double> inverse, Span<double> gradient)
    {
        gradient.Clear();
        var log = 0.0;
        var index = 0;
        foreach (var chunk in chunks)
        {
            for (var i = 0; i < chunk.First.Length; i++, index++)
            {
                var row = chunk.Row(i);
                var first = chunk.First[i];
                var r = Dot(row, pi.Slice(first, row.Length));
                if (!(r > LeastMass))
                {
                    return double.NegativeInfinity;
                }

                var d = 1 / r;
                inverse[index] = d;
                log += double.Log(r);
                AddScaled(row, d, gradient.Slice(first, row.Length));
            }
        }

        return log;
    }

    /// <summary>
    /// hessian = S'S (upper triangle, row-major k x stride) for the columns S_ia = L_ia / (L pi)_i of the active components and, when
    /// <paramref name="rest"/>, one more column: the sum of pi_k S_ik over all others.
    /// </summary>
    public void Hessian(
        ReadOnlySpan<int> active, bool rest, ReadOnlySpan<double> pi, ReadOnlySpan<double> inverse, Span<double> hessian, int stride)
    {
        const int Block = 4;
        hessian.Clear();
        var k = active.Length + (rest ? 1 : 0);
        var buffer = new double[Block * stride];

        // position[c]: how many active components come before component c; a row's stretch is then a stretch of the active ones.
        var position = new int[Width + 1];
        for (int c = 0, a = 0; c <= Width; c++)
        {
            position[c] = a;
            a += a < active.Length && active[a] == c ? 1 : 0;
        }

        int index = 0, filled = 0, low = k, high = 0;
        foreach (var chunk in chunks)
        {
            for (var i = 0; i < chunk.First.Length; i++, index++)
            {
                var target = buffer.AsSpan(filled * stride, stride);
                var row = chunk.Row(i);
                var first = chunk.First[i];
                var (from, to) = (position[first], position[first + row.Length]);
                target.Clear();
                var others = 1.0;
                for (var a = from; a < to; a++)
                {
                    var c = active[a];
                    target[a] = row[c - first] * inverse[index];
                    others -= pi[c] * target[a];
                }

                low = int.Min(low, from);
                high = rest ? k : int.Max(high, to);
                if (rest)
                {
                    target[active.Length] = double.Max(others, 0);
                }

                if (++filled == Block)
                {
                    SymmetricSums.Add(buffer, low, high, stride, hessian);
                    (filled, low, high) = (0, k, 0);
                }
            }
        }

        buffer.AsSpan(filled * stride).Clear();
        SymmetricSums.Add(buffer, low, high, stride, hessian);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ref var ra = ref MemoryMarshal.GetReference(a);
        ref var rb = ref MemoryMarshal.GetReference(b);
        var sum = Vector512<double>.Zero;
        for (nuint j = 0; j < (nuint)a.Length; j += 8)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref ra, j), Vector512.LoadUnsafe(ref rb, j), sum);
        }

        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled(ReadOnlySpan<double> a, double scale, Span<double> target)
    {
        ref var ra = ref MemoryMarshal.GetReference(a);
        ref var rt = ref MemoryMarshal.GetReference(target);
        var d = Vector512.Create(scale);
        for (nuint j = 0; j < (nuint)a.Length; j += 8)
        {
            Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref ra, j), d, Vector512.LoadUnsafe(ref rt, j)).StoreUnsafe(ref rt, j);
        }
    }

    private sealed record Chunk(double[] Values, int[] Offsets, int[] First)
    {
        public ReadOnlySpan<double> Row(int i) => Values.AsSpan(Offsets[i], Offsets[i + 1] - Offsets[i]);
    }
}
