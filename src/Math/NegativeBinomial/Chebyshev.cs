namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Functions of one cell's xi (the log of its capture probability) on [low, 0] as Chebyshev sums: f(xi) = sum_j c_j T_j(x), x = 1 - 2 xi /
/// low, from values at the J zeros x_i = cos(pi (i + 1/2) / J) of T_J. Functions log(1 + a e^xi) have their nearest singularities at -ln a
/// +- i pi, so that the error falls as rho^-J with rho = y + sqrt(1 + y^2), y = 2 pi / |low|, whatever a is. Immutable.
/// </summary>
public sealed class Chebyshev
{
    /// <summary>The most coefficients.</summary>
    public const int MostCount = 128;

    /// <summary>Coefficients come in groups of so many, but for a single one.</summary>
    public const int Group = 8;

    private readonly double[] _matrix;
    private readonly double[] _nodes;

    /// <summary>J coefficients on an interval.</summary>
    /// <param name="count">J: 1 (no capture: xi = 0 always, low = 0) or a multiple of 8 up to 128.</param>
    /// <param name="low">The lower end of xi, negative; 0 where J is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count or an end outside these.</exception>
    public Chebyshev(int count, double low)
    {
        if (count != 1 && (count < Group || count > MostCount || count % Group != 0))
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"coefficients are 1 or a multiple of {Group} up to {MostCount}");
        }

        if (count == 1 ? low != 0 : !(low < 0 && double.IsFinite(low)))
        {
            throw new ArgumentOutOfRangeException(nameof(low), low, "the lower end is negative, and 0 for one coefficient");
        }

        (Count, Low) = (count, low);
        _matrix = new double[count * count];
        _nodes = new double[count];
        for (var i = 0; i < count; i++)
        {
            // xi = low (1 - x) / 2 by the half angle: no cancellation next to 0.
            var half = double.SinPi((i + 0.5) / (2 * count));
            _nodes[i] = low * half * half;
            for (var j = 0; j < count; j++)
            {
                _matrix[(i * count) + j] = (j == 0 ? 1.0 : 2.0) / count * double.CosPi(
                    (double)(j * ((2 * i) + 1) % (4 * count)) / (2 * count));
            }
        }
    }

    /// <summary>J.</summary>
    public int Count { get; }

    /// <summary>The lower end of xi.</summary>
    public double Low { get; }

    /// <summary>The nodes xi_i, J of them, descending from next to 0.</summary>
    public ReadOnlySpan<double> Nodes => _nodes;

    /// <summary>How many coefficients make log(1 + a e^xi) exact to a relative tolerance, for any a, on [low, 0].</summary>
    public static int CountFor(double low, double tolerance)
    {
        var y = 2 * double.Pi / -low;
        var needed = -double.Log(tolerance) / double.Log(y + double.Sqrt(1 + (y * y)));
        return int.Min(MostCount, Group * (int)double.Ceiling((needed + 1) / Group));
    }

    /// <summary>Coefficients of functions from their values at the nodes.</summary>
    /// <param name="values">rows x J.</param>
    /// <param name="coefficients">rows x J; not <paramref name="values"/>.</param>
    public void Transform(ReadOnlySpan<double> values, Span<double> coefficients)
    {
        for (var at = 0; at < values.Length; at += Count)
        {
            var row = coefficients.Slice(at, Count);
            row.Clear();
            for (var i = 0; i < Count; i++)
            {
                Add(values[at + i], _matrix.AsSpan(i * Count, Count), row);
            }
        }
    }

    /// <summary>
    /// Weights at the nodes of statistics: with W_j = sum_c w_c T_j(x_c), sum_i omega_i f(xi_i) = sum_c w_c f(xi_c) for every tabulated f.
    /// </summary>
    /// <param name="statistics">rows x J: W.</param>
    /// <param name="weights">rows x J: omega_i = sum_j (2 - [j = 0]) / J T_j(x_i) W_j.</param>
    public void Weights(ReadOnlySpan<double> statistics, Span<double> weights)
    {
        for (var at = 0; at < statistics.Length; at += Count)
        {
            var row = statistics.Slice(at, Count);
            for (var i = 0; i < Count; i++)
            {
                weights[at + i] = System.Numerics.Tensors.TensorPrimitives.Dot(_matrix.AsSpan(i * Count, Count), row);
            }
        }
    }

    /// <summary>T_j(x) for xi in [low, 0], J of them.</summary>
    public void Polynomials(double xi, Span<double> values)
    {
        values[0] = 1;
        if (Count == 1)
        {
            return;
        }

        var x = 1 - (2 * xi / Low);
        values[1] = x;
        for (var j = 2; j < Count; j++)
        {
            values[j] = (2 * x * values[j - 1]) - values[j - 2];
        }
    }

    /// <summary>f, df/dxi and d2f/dxi2 at xi in [low, 0], by Clenshaw's recurrence and its derivatives.</summary>
    public (double Value, double First, double Second) Evaluate(ReadOnlySpan<double> coefficients, double xi)
    {
        if (Count == 1)
        {
            return (coefficients[0], 0, 0);
        }

        var slope = -2 / Low;
        var x = 1 + (slope * xi);
        var (b1, b2, d1, d2, e1, e2) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (var j = Count - 1; j >= 1; j--)
        {
            (e1, e2) = ((2 * x * e1) - e2 + (4 * d1), e1);
            (d1, d2) = ((2 * x * d1) - d2 + (2 * b1), d1);
            (b1, b2) = ((2 * x * b1) - b2 + coefficients[j], b1);
        }

        return (coefficients[0] + (x * b1) - b2, slope * (b1 + (x * d1) - d2), slope * slope * ((2 * d1) + (x * e1) - e2));
    }

    private static void Add(double factor, ReadOnlySpan<double> from, Span<double> to) =>
        System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(from, factor, to, to);
}
