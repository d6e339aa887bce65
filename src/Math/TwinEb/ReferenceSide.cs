using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The variational parameters of the rows of a batch, or of all columns, one draw of them, and the gradient of the ELBO by them. Of each entry two parameters, eta and
/// psi: t = softplus(log 1/2 - psi), scale = clamp(t, 1e-8, 1e3), location = -eta t; q is LogNormal(location, scale) for the Poisson model, N(location,
/// scale squared) for the Gaussian one (t is a standard deviation, as the published code uses it). A draw is z = location + scale e, y = exp z or z.
/// <para>
/// Everything is held [count x W], W = L rounded up to 4, so that vectors need no remainder; saved parameters are two planes [2, count, L]. Scratch
/// memory: nothing in it outlives a step.
/// </para>
/// </summary>
internal sealed class ReferenceSide(int factors, TwinEbLikelihood likelihood)
{
    /// <summary>The published code's log 1/2: the nearest 32-bit number, 1.9e-9 off. Its figures cannot be had to 1e-9 without it.</summary>
    public const double LogHalf = -0.6931471824645996;

    private const double LeastScale = 1e-8;
    private const double MostScale = 1e3;

    // The largest log of a drawn factor or rate: what is beyond is divergence, which finite numbers can report.
    private const double MostLog = 300;
    private readonly bool _isLogNormal = likelihood == TwinEbLikelihood.Poisson;
    private double[] _eta = [];
    private double[] _t = [];
    private double[] _slope = [];
    private double[] _gradient = [];
    private double[] _gradientTimesNoise = [];

    /// <summary>W.</summary>
    public int Width { get; } = (factors + 3) & ~3;

    /// <summary>The entities that are loaded.</summary>
    public int Count { get; private set; }

    /// <summary>The standard normal numbers of the draw, e.</summary>
    public double[] Noise { get; private set; } = [];

    /// <summary>The statistics of the draw [count x 2 W]: (z, y) for log-normal q, (y, y squared) for normal q.</summary>
    public double[] Statistics { get; private set; } = [];

    /// <summary>The derivative of the log prior by the statistics [count x 2 W].</summary>
    public double[] Expected { get; private set; } = [];

    /// <summary>The derivative of the log-likelihood by y [count x W].</summary>
    public double[] ByValue { get; private set; } = [];

    /// <summary>Where in an entity's statistics y is.</summary>
    public int ValueOffset => _isLogNormal ? Width : 0;

    /// <summary>y of one entity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<double> Value(int entity) => Statistics.AsSpan((entity * 2 * Width) + ValueOffset, Width);

    /// <summary>The derivative of the log-likelihood by y of one entity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<double> ByValueOf(int entity) => ByValue.AsSpan(entity * Width, Width);

    /// <summary>t = softplus(x) = log(1 + exp x) and its derivative 1 / (1 + exp -x), to rounding for every finite x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<double> Value, Vector512<double> Slope) Softplus(Vector512<double> x)
    {
        var one = Vector512<double>.One;
        var e = VectorNormal.Exp(-Vector512.Abs(x));
        var u = one + e;

        // log(1 + e) = log u + (e - (u - 1)) / u puts back what rounding took from 1 + e.
        var value = Vector512.Max(x, Vector512<double>.Zero) + Vector512.Log(u) + ((e - (u - one)) / u);
        var positive = Vector512.GreaterThanOrEqual(x, Vector512<double>.Zero);
        return (value, Vector512.ConditionalSelect(positive, one, e) / u);
    }

    /// <summary>Loads the parameters of the entities of a list, or of all without a list.</summary>
    /// <param name="parameters">[2, all, L].</param>
    /// <param name="all">The entities in the planes.</param>
    /// <param name="list">Which entities, or empty: all of them.</param>
    public void Load(ReadOnlySpan<double> parameters, int all, ReadOnlySpan<int> list)
    {
        Count = list.IsEmpty ? all : list.Length;
        Reserve();
        var plane = all * factors;
        for (var n = 0; n < Count; n++)
        {
            var from = (list.IsEmpty ? n : list[n]) * factors;
            Pad(parameters.Slice(from, factors), _eta.AsSpan(n * Width, Width));
            Pad(parameters.Slice(plane + from, factors), _t.AsSpan(n * Width, Width));
        }

        var logHalf = Vector512.Create(LogHalf);
        var length = Count * Width;
        for (var i = 0; i < length; i += VectorNormal.Lanes)
        {
            var (value, slope) = Softplus(logHalf - Vector512.Create<double>(_t.AsSpan(i)));
            value.CopyTo(_t, i);
            slope.CopyTo(_slope, i);
        }

        Array.Clear(_gradient, 0, length);
        Array.Clear(_gradientTimesNoise, 0, length);
    }

    /// <summary>Makes the draw of <see cref="Noise"/>: fills <see cref="Statistics"/>.</summary>
    public void Draw()
    {
        var (least, most, mostLog) = (Vector256.Create(LeastScale), Vector256.Create(MostScale), Vector256.Create(MostLog));
        for (var n = 0; n < Count; n++)
        {
            var from = n * Width;
            var statistics = Statistics.AsSpan(n * 2 * Width, 2 * Width);
            for (var l = 0; l < Width; l += 4)
            {
                var t = Vector256.Create<double>(_t.AsSpan(from + l));
                var scale = Vector256.Min(Vector256.Max(t, least), most);
                var z = (scale * Vector256.Create<double>(Noise.AsSpan(from + l))) - (Vector256.Create<double>(_eta.AsSpan(from + l)) * t);
                if (_isLogNormal)
                {
                    z = Vector256.Min(Vector256.Max(z, -mostLog), mostLog);
                    z.CopyTo(statistics[l..]);
                    Vector256.Exp(z).CopyTo(statistics[(Width + l)..]);
                }
                else
                {
                    z.CopyTo(statistics[l..]);
                    (z * z).CopyTo(statistics[(Width + l)..]);
                }
            }

            for (var l = factors; l < Width; l++)
            {
                statistics[l] = 0;
                statistics[Width + l] = 0;
            }
        }
    }

    /// <summary>result[l] = sum over the first <paramref name="count"/> entities of y.</summary>
    public void Sum(Span<double> result, int count)
    {
        result.Clear();
        for (var n = 0; n < count; n++)
        {
            FactorKernel.AddScaled(1, Value(n), result);
        }
    }

    /// <summary>
    /// Adds the draw's gradient by z, and by z times e. The prior (<see cref="Expected"/>) and the entropy's own derivative by z count for entities first to last only.
    /// </summary>
    public void AddDraw(int first, int last)
    {
        for (var n = 0; n < Count; n++)
        {
            var (from, statistics) = (n * Width, n * 2 * Width);
            var withPrior = n >= first && n < last;
            for (var l = 0; l < Width; l += 4)
            {
                var y = Vector256.Create<double>(Statistics.AsSpan(statistics + ValueOffset + l));
                var g = Vector256.Create<double>(ByValue.AsSpan(from + l));
                if (_isLogNormal)
                {
                    g *= y;
                }

                if (withPrior)
                {
                    var n1 = Vector256.Create<double>(Expected.AsSpan(statistics + l));
                    var n2 = Vector256.Create<double>(Expected.AsSpan(statistics + Width + l));
                    g += n1 + (_isLogNormal ? (n2 * y) + Vector256<double>.One : (n2 + n2) * y);
                }

                (Vector256.Create<double>(_gradient.AsSpan(from + l)) + g).CopyTo(_gradient, from + l);
                (Vector256.Create<double>(_gradientTimesNoise.AsSpan(from + l)) + (g * Vector256.Create<double>(Noise.AsSpan(from + l)))).CopyTo(_gradientTimesNoise, from + l);
            }
        }
    }

    /// <summary>The part of -log q that differs between draws, of entities first to last: sum of e squared / 2, plus z for log-normal q.</summary>
    public double EntropyOfDraw(int first, int last)
    {
        var sum = 0.0;
        for (var n = first; n < last; n++)
        {
            var noise = Noise.AsSpan(n * Width, factors);
            sum += 0.5 * FactorKernel.Dot(noise, noise);
            if (_isLogNormal)
            {
                foreach (var z in Statistics.AsSpan(n * 2 * Width, factors))
                {
                    sum += z;
                }
            }
        }

        return sum;
    }

    /// <summary>The part of -log q that all draws share, of entities first to last: sum of log scale + log(2 pi) / 2.</summary>
    public double EntropyOfScales(int first, int last)
    {
        var (least, most, sums) = (Vector256.Create(LeastScale), Vector256.Create(MostScale), Vector256<double>.Zero);
        for (var i = first * Width; i < last * Width; i += 4)
        {
            sums += Vector256.Log(Vector256.Min(Vector256.Max(Vector256.Create<double>(_t.AsSpan(i)), least), most));
        }

        // What is past L in a row has psi = 0, and is taken off again.
        var (padding, _) = Softplus(Vector512.Create(LogHalf));
        var sum = Vector256.Sum(sums) - ((double)(last - first) * (Width - factors) * double.Log(padding[0]));
        return sum + ((double)(last - first) * factors * NormalDistribution.LogRootTwoPi);
    }

    /// <summary>
    /// Writes the gradient by eta and psi [2, count, L], times a factor: location = -eta t and scale = t (or a constant where clamped) carry the sums over draws back.
    /// The entropy's derivative by scale, 1 / scale, counts for entities first to last, for <paramref name="draws"/> draws.
    /// </summary>
    public void Finish(int first, int last, int draws, double factor, Span<double> gradient)
    {
        var plane = Count * factors;
        for (var n = 0; n < Count; n++)
        {
            var entropy = n >= first && n < last ? draws : 0;
            for (var l = 0; l < factors; l++)
            {
                var at = (n * Width) + l;
                var (t, byZ) = (_t[at], _gradient[at]);
                var byT = -_eta[at] * byZ;
                if (t is >= LeastScale and <= MostScale)
                {
                    byT += _gradientTimesNoise[at] + (entropy / t);
                }

                gradient[(n * factors) + l] = -factor * t * byZ;
                gradient[plane + (n * factors) + l] = -factor * byT * _slope[at];
            }
        }
    }

    private void Pad(ReadOnlySpan<double> values, Span<double> padded)
    {
        values.CopyTo(padded);
        padded[factors..].Clear();
    }

    // Memory goes on to a multiple of 4 entities and 8 numbers, of zeros or what earlier steps left: finite.
    private void Reserve()
    {
        var rows = Count + 8;
        if (ByValue.Length >= rows * Width)
        {
            return;
        }

        rows += rows / 8;
        (_eta, _t, _slope) = (new double[rows * Width], new double[rows * Width], new double[rows * Width]);
        (_gradient, _gradientTimesNoise) = (new double[rows * Width], new double[rows * Width]);
        (Noise, ByValue) = (new double[rows * Width], new double[rows * Width]);
        (Statistics, Expected) = (new double[rows * 2 * Width], new double[rows * 2 * Width]);
    }
}
