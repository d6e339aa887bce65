namespace FitCluster.Math.Ebnm;

internal sealed partial class Horseshoe
{
    // The scale's start: the best of a grid, on about this many observations.
    private const int SearchSize = 512;
    private const int SearchGrid = 12;
    private const double LargestStep = 1.5;

    /// <inheritdoc/>
    public EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Check(options);
        return EbnmUnits.Fit(x, s, options, Solve);
    }

    private static EbnmFit Solve(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Span<double> sums = stackalloc double[Length];
        Span<double> trial = stackalloc double[Length];
        var kept = options is { FixPrior: true, Start: not null };
        var mode = kept ? options.Start!.Mode : options.Mode;
        if (kept || options.Scale is not null)
        {
            var given = kept ? options.Start! : At(options.Scale!.Value, mode);
            Pass(given, x, s, [], [], sums, 1);
            return new EbnmFit(given, sums[1], true, 0);
        }

        var observations = ObservationSums.Of(x, s, mode);
        if (observations.Count == 0)
        {
            return new EbnmFit(options.Start ?? At(1, mode), 0, true, 0);
        }

        var high = observations.LogS / observations.Count;
        var low = high - double.Log(observations.Count);
        var b = options.Start is { } start ? double.Clamp(double.Log(start.Components[0].Scale), low, high) : Search(x, s, mode, low, high);
        var value = Value(b, mode, x, s, sums);
        for (var iteration = 1; iteration <= options.MaxIterations; iteration++)
        {
            var next = double.Clamp(b + Newton(sums), low, high);
            if (double.Abs(sums[4] * (next - b)) <= 1e-9 + (1e-14 * double.Abs(value)))
            {
                return new EbnmFit(At(double.Exp(b), mode), value, true, iteration);
            }

            var reached = Value(next, mode, x, s, trial);
            for (var halving = 0; halving < 40 && !(reached > value); halving++)
            {
                next = b + (0.5 * (next - b));
                reached = Value(next, mode, x, s, trial);
            }

            if (!(reached > value))
            {
                return new EbnmFit(At(double.Exp(b), mode), value, true, iteration);
            }

            (b, value) = (next, reached);
            trial.CopyTo(sums);
        }

        return new EbnmFit(At(double.Exp(b), mode), value, false, options.MaxIterations);
    }

    private static double Newton(ReadOnlySpan<double> sums) => sums[5] < 0
        ? double.Clamp(-sums[4] / sums[5], -LargestStep, LargestStep)
        : double.Sign(sums[4]) * LargestStep;

    private static double Value(double b, double mode, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> sums, int stride = 1)
    {
        sums.Clear();
        Pass(At(double.Exp(b), mode), x, s, [], [], sums, stride);
        return sums[1];
    }

    // The best of a grid, on a part of the observations.
    private static double Search(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double mode, double low, double high)
    {
        Span<double> sums = stackalloc double[Length];
        var (best, bestValue) = (high, double.NegativeInfinity);
        for (var k = 0; k <= SearchGrid; k++)
        {
            var b = low + ((high - low) * k / SearchGrid);
            var value = Value(b, mode, x, s, sums, int.Max(1, x.Length / SearchSize));
            (best, bestValue) = value > bestValue ? (b, value) : (best, bestValue);
        }

        return best;
    }
}
