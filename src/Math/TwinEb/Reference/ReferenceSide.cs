using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The variational parameters of the rows of a batch, or of all columns, one draw of them, and the gradient of the ELBO by them. Of each
/// entry two parameters, eta and psi: t = softplus(log 1/2 - psi), scale = clamp(t, 1e-8, 1e3), location = -eta t; q is LogNormal(location,
/// scale) for the Poisson model, N(location, scale squared) for the Gaussian one (t is a standard deviation, as the published code uses
/// it). A draw is z = location + scale e, y = exp z or z.
/// <para>
/// Everything is held [count x W], W = L rounded up to 4, so that vectors need no remainder; saved parameters are two planes [2, count, L].
/// Scratch memory: nothing in it outlives a step.
/// </para>
/// </summary>
internal sealed class ReferenceSide(int factors, TwinEbLikelihood likelihood)
{
    /// <summary>
    /// The published code's log 1/2: the nearest 32-bit number, 1.9e-9 off. Its figures cannot be had to 1e-9 without it.
    /// </summary>
    public const double LogHalf = -0.6931471824645996;

    private const int Lanes = 4;
    private const double LeastScale = 1e-8;
    private const double MostScale = 1e3;

    // The largest log of a drawn factor or rate: what is beyond is divergence, which finite numbers can report.
    private const double MostLog = 300;
    private readonly bool _isLogNormal = likelihood == TwinEbLikelihood.Poisson;
    private AlignedArray _eta = new(0);
    private AlignedArray _t = new(0);
    private AlignedArray _slope = new(0);
    private AlignedArray _gradient = new(0);
    private AlignedArray _gradientTimesNoise = new(0);
    private AlignedArray _noise = new(0);
    private AlignedArray _statistics = new(0);
    private AlignedArray _byValue = new(0);

    /// <summary>W.</summary>
    public int Width { get; } = (factors + 3) & ~3;

    /// <summary>The entities that are loaded.</summary>
    public int Count { get; private set; }

    /// <summary>The standard normal numbers of the draw, e.</summary>
    public Span<double> Noise => _noise.Span;

    /// <summary>The statistics of the draw [count x 2 W]: (z, y) for log-normal q, (y, y squared) for normal q.</summary>
    public Span<double> Statistics => _statistics.Span;

    /// <summary>The derivative of the log-likelihood by y [count x W].</summary>
    public Span<double> ByValue => _byValue.Span;

    /// <summary>Where in an entity's statistics y is.</summary>
    public int ValueOffset => _isLogNormal ? Width : 0;

    /// <summary>y of one entity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<double> Value(int entity) => Statistics.Slice((entity * 2 * Width) + ValueOffset, Width);

    /// <summary>The derivative of the log-likelihood by y of one entity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<double> ByValueOf(int entity) => ByValue.Slice(entity * Width, Width);

    /// <summary>
    /// t = softplus(x) = log(1 + exp x) and its derivative 1 / (1 + exp -x), to rounding for every finite x (0 below x = -700).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<double> Value, Vector256<double> Slope) Softplus(Vector256<double> x)
    {
        var one = Vector256<double>.One;
        var e = VectorExp.OfNegative(-Vector256.Abs(x));
        var inverse = one / (one + e);
        var positive = Vector256.GreaterThanOrEqual(x, Vector256<double>.Zero);
        return (Vector256.Max(x, Vector256<double>.Zero) + VectorLog.OfOnePlus(e), Vector256.ConditionalSelect(
            positive, inverse, e * inverse));
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
        var logHalf = Vector256.Create(LogHalf);
        var eta = _eta.Span;
        var scales = _t.Span;
        var slopes = _slope.Span;
        for (var n = 0; n < Count; n++)
        {
            var from = (list.IsEmpty ? n : list[n]) * factors;
            for (var l = 0; l < Width; l += Lanes)
            {
                var (left, at) = (factors - l, (n * Width) + l);
                var (t, slope) = Softplus(logHalf - Read(parameters, plane + from + l, left));
                Read(parameters, from + l, left).CopyTo(eta[at..]);

                // What is past L has t = 1 and eta = 0: its log scale is 0.
                Vector256.ConditionalSelect(Within(left), t, Vector256<double>.One).CopyTo(scales[at..]);
                slope.CopyTo(slopes[at..]);
            }
        }
    }

    /// <summary>Makes the draw of <see cref="Noise"/>: fills <see cref="Statistics"/>. What is past L becomes 0 in both.</summary>
    public void Draw()
    {
        var (least, most, mostLog) = (Vector256.Create(LeastScale), Vector256.Create(MostScale), Vector256.Create(MostLog));
        var eta = _eta.Span;
        var scales = _t.Span;
        var noises = Noise;
        var statistics = Statistics;
        for (var n = 0; n < Count; n++)
        {
            var (from, to) = (n * Width, n * 2 * Width);
            for (var l = 0; l < Width; l += Lanes, from += Lanes, to += Lanes)
            {
                var within = Within(factors - l);
                var t = Vector256.Create<double>(scales[from..]);
                var noise = Vector256.Create<double>(noises[from..]) & within;
                noise.CopyTo(noises[from..]);
                var scale = Vector256.Min(Vector256.Max(t, least), most);
                var z = (scale * noise) - (Vector256.Create<double>(eta[from..]) * t);
                if (_isLogNormal)
                {
                    z = Vector256.Min(Vector256.Max(z, -mostLog), mostLog);
                    z.CopyTo(statistics[to..]);
                    (VectorExp.OfModerate(z) & within).CopyTo(statistics[(to + Width)..]);
                }
                else
                {
                    z.CopyTo(statistics[to..]);
                    (z * z).CopyTo(statistics[(to + Width)..]);
                }
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
    /// Adds the draw's gradient by z, and by z times e, of entities first to last; the first draw of a step sets them. With
    /// <paramref name="expected"/>, the derivative of the log prior by the statistics of these entities [(last - first) x 2 W], the prior
    /// and the entropy's own derivative by z count; without (empty) they do not.
    /// </summary>
    public void AddDraw(int first, int last, ReadOnlySpan<double> expected, bool isFirst)
    {
        var gradients = _gradient.Span;
        var timesNoises = _gradientTimesNoise.Span;
        var noises = Noise;
        var values = Statistics[ValueOffset..];
        var byValue = ByValue;
        for (var n = first; n < last; n++)
        {
            var (from, value, prior) = (n * Width, n * 2 * Width, (n - first) * 2 * Width);
            for (var l = 0; l < Width; l += Lanes, from += Lanes)
            {
                var y = Vector256.Create<double>(values[(value + l)..]);
                var g = Vector256.Create<double>(byValue[from..]);
                if (_isLogNormal)
                {
                    g *= y;
                }

                if (!expected.IsEmpty)
                {
                    var n1 = Vector256.Create(expected[(prior + l)..]);
                    var n2 = Vector256.Create(expected[(prior + Width + l)..]);
                    g += n1 + (_isLogNormal ? (n2 * y) + Vector256<double>.One : (n2 + n2) * y);
                }

                var timesNoise = g * Vector256.Create<double>(noises[from..]);
                if (!isFirst)
                {
                    g += Vector256.Create<double>(gradients[from..]);
                    timesNoise += Vector256.Create<double>(timesNoises[from..]);
                }

                g.CopyTo(gradients[from..]);
                timesNoise.CopyTo(timesNoises[from..]);
            }
        }
    }

    /// <summary>
    /// The part of -log q that differs between draws, of entities first to last: sum of e squared / 2, plus z for log-normal q.
    /// </summary>
    public double EntropyOfDraw(int first, int last)
    {
        var (squares, sums) = (Vector256<double>.Zero, Vector256<double>.Zero);
        var noises = Noise;
        var statistics = Statistics;
        for (var n = first; n < last; n++)
        {
            for (var l = 0; l < Width; l += Lanes)
            {
                var noise = Vector256.Create<double>(noises[((n * Width) + l)..]);
                squares = Vector256.FusedMultiplyAdd(noise, noise, squares);
                sums += Vector256.Create<double>(statistics[((n * 2 * Width) + l)..]);
            }
        }

        return (0.5 * Vector256.Sum(squares)) + (_isLogNormal ? Vector256.Sum(sums) : 0);
    }

    /// <summary>The part of -log q that all draws share, of entities first to last: sum of log scale + log(2 pi) / 2.</summary>
    public double EntropyOfScales(int first, int last)
    {
        // A logarithm for 32 scales: their product, from 1e-256 to 1e96, is a number.
        const int Together = 32 * Lanes;
        var (least, most, sums) = (Vector256.Create(LeastScale), Vector256.Create(MostScale), Vector256<double>.Zero);
        var scales = _t.Span;
        for (var start = first * Width; start < last * Width; start += Together)
        {
            var product = Vector256<double>.One;
            for (var i = start; i < int.Min(start + Together, last * Width); i += Lanes)
            {
                product *= Vector256.Min(Vector256.Max(Vector256.Create<double>(scales[i..]), least), most);
            }

            sums += VectorLog.Of(product);
        }

        return Vector256.Sum(sums) + ((double)(last - first) * factors * NormalDistribution.LogRootTwoPi);
    }

    /// <summary>
    /// Writes the gradient by eta and psi [2, count, L], times a factor: location = -eta t and scale = t (or a constant where clamped)
    /// carry the sums over draws back. The entropy's derivative by scale, 1 / scale, counts for entities first to last, for
    /// <paramref name="draws"/> draws.
    /// </summary>
    public void Finish(int first, int last, int draws, double factor, Span<double> gradient)
    {
        var plane = Count * factors;
        var (least, most, scale) = (Vector256.Create(LeastScale), Vector256.Create(MostScale), Vector256.Create(-factor));
        var byEta = gradient[..plane];
        var byPsi = gradient.Slice(plane, plane);
        var eta = _eta.Span;
        var scales = _t.Span;
        var slopes = _slope.Span;
        var gradients = _gradient.Span;
        var timesNoises = _gradientTimesNoise.Span;
        for (var n = 0; n < Count; n++)
        {
            var entropy = Vector256.Create(n >= first && n < last ? (double)draws : 0);
            for (var l = 0; l < Width; l += Lanes)
            {
                var at = (n * Width) + l;
                var t = Vector256.Create<double>(scales[at..]);
                var byZ = Vector256.Create<double>(gradients[at..]);
                var inside = Vector256.GreaterThanOrEqual(t, least) & Vector256.LessThanOrEqual(t, most);
                var byScale = (Vector256.Create<double>(timesNoises[at..]) + (entropy / t)) & inside;
                var byT = byScale - (Vector256.Create<double>(eta[at..]) * byZ);
                Write(scale * t * byZ, byEta, (n * factors) + l, factors - l);
                Write(scale * byT * Vector256.Create<double>(slopes[at..]), byPsi, (n * factors) + l, factors - l);
            }
        }
    }

    // All bits of the lanes that are among the first `left`.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Within(int left) =>
    Vector256.GreaterThan(Vector256.Create((double)left), Vector256.Create(0.0, 1, 2, 3));

    // Four numbers from a place on; 0 for those past the first `left`.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Read(ReadOnlySpan<double> values, int at, int left) => left >= Lanes ? Vector256.Create(values[at..])
        : Vector256.Create(values[at], left > 1 ? values[at + 1] : 0, left > 2 ? values[at + 2] : 0, 0);

    // Four numbers from a place on. Where there is room, what is past the first `left` is written too: the next entity, written later, puts
    // it right.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector256<double> vector, Span<double> values, int at, int left)
    {
        if (at + Lanes <= values.Length)
        {
            vector.CopyTo(values[at..]);
            return;
        }

        for (var l = 0; l < left; l++)
        {
            values[at + l] = vector[l];
        }
    }

    // Memory goes on to a multiple of 4 entities and 8 numbers, of zeros or what earlier steps left: finite.
    private void Reserve()
    {
        var rows = Count + 8;
        if (_byValue.Length >= rows * Width)
        {
            return;
        }

        rows += rows / 8;
        var length = rows * Width;
        (_eta, _t, _slope) = (new AlignedArray(length), new AlignedArray(length), new AlignedArray(length));
        (_gradient, _gradientTimesNoise) = (new AlignedArray(length), new AlignedArray(length));
        (_noise, _byValue, _statistics) = (new AlignedArray(length), new AlignedArray(length), new AlignedArray(2 * length));
    }
}
