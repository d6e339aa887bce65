using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Where a restart's parameters start: uniform numbers, as published; or, in the first one, such that q and the priors have the moments of
/// a finished fit.
/// </summary>
internal static class ReferenceStart
{
    // softplus has no inverse at 0, and a prior's values are held in [1e-8, 1e3] anyway.
    private const double Least = 1e-8;
    private const double Most = 1e3;

    // A component that was taken out comes back with a weight that a fit can forget again.
    private const double LeastWeight = 1e-10;

    // A mean of less has underflowed.
    private const double LeastMean = 1e-300;

    /// <summary>Columns [2, D, L], and the free parameters of both priors.</summary>
    public static double[][] Parts(TwinEbOptions options, int restart)
    {
        var from = restart == 0 ? options.Start : null;
        var columns = new double[2 * options.Columns * options.Factors];
        var bound = double.Sqrt(6.0 / (options.Columns + options.Factors));
        var stream = ReferenceStreams.Of(ReferenceStreams.Purpose.ColumnStart, restart, 0);
        for (var p = 0; p < columns.Length; p++)
        {
            columns[p] = bound * ((2 * Philox.Uniform(options.Seed, stream, (ulong)p)) - 1);
        }

        var (rowPrior, columnPrior) = (ReferencePrior.OfRows(options), ReferencePrior.OfColumns(options));
        var rows = rowPrior.Start(options.Seed, ReferenceStreams.Of(ReferenceStreams.Purpose.RowPriorStart, restart, 0));
        var ofColumns = columnPrior.Start(options.Seed, ReferenceStreams.Of(ReferenceStreams.Purpose.ColumnPriorStart, restart, 0));
        if (from is not null)
        {
            for (var j = 0; j < options.Columns; j++)
            {
                Entity(options, from.ColumnMeans.AsSpan(j * from.Factors, from.Factors),
                    from.ColumnSds.AsSpan(j * from.Factors, from.Factors), columns, j, options.Columns);
            }

            Prior(rowPrior, from.RowPrior, from.Factors, rows);
            Prior(columnPrior, from.ColumnPrior, from.Factors, ofColumns);
        }

        return [columns, rows, ofColumns];
    }

    /// <summary>Rows of a shard [2, rows, L] that a finished fit has, in place of their uniform numbers.</summary>
    public static void Rows(TwinEbOptions options, ShardData data, ReadOnlySpan<double> trainingRows, Span<double> parameters)
    {
        var (means, sds) = TwinEbStartRows.Of(data);
        var given = means.Length / int.Max(1, data.Block.Rows);
        foreach (var row in trainingRows)
        {
            var at = (int)row * given;
            if (given > 0 && !double.IsNaN(means[at]))
            {
                Entity(options, means.AsSpan(at, given), sds.AsSpan(at, given), parameters, (int)row, data.Block.Rows);
            }
        }
    }

    // eta and psi of the first factors of one entity: scale = softplus(log 1/2 - psi), location = -eta scale.
    private static void Entity(
        TwinEbOptions options, ReadOnlySpan<double> means, ReadOnlySpan<double> sds, Span<double> parameters, int entity, int entities)
    {
        for (var l = 0; l < means.Length; l++)
        {
            var (location, scale) = (means[l], sds[l]);
            if (options.Likelihood == TwinEbLikelihood.Poisson)
            {
                var mean = double.Max(means[l], LeastMean);
                var variance = double.LogP1(sds[l] / mean * (sds[l] / mean));
                (location, scale) = (double.Log(mean) - (variance / 2), double.Sqrt(variance));
            }

            scale = double.Clamp(scale, Least, Most);
            var at = (entity * options.Factors) + l;
            parameters[at] = -location / scale;
            parameters[(entities * options.Factors) + at] = ReferenceSide.LogHalf - InverseSoftplus(scale);
        }
    }

    private static void Prior(ReferencePrior prior, TwinEbStartPrior given, int givenFactors, double[] parameters)
    {
        if (prior.IsFixed)
        {
            return;
        }

        var isGamma = prior.Likelihood == TwinEbLikelihood.Poisson;
        var factors = prior.IsTied ? 1 : prior.Factors;
        for (var k = 0; k < prior.Components; k++)
        {
            for (var l = 0; given.Weights[k] > 0 && l < int.Min(factors, givenFactors); l++)
            {
                var (from, to) = ((k * givenFactors) + l, (k * factors) + l);
                parameters[to] = isGamma ? InverseSoftplus(double.Clamp(given.First[from], Least, Most)) : given.First[from];
                parameters[prior.ShapeParameters + to] = InverseSoftplus(double.Clamp(given.Second[from], Least, Most));
            }

            parameters[(2 * prior.ShapeParameters) + k] = prior.Components == 1 ? 1 : double.Log(double.Max(given.Weights[k], LeastWeight));
        }
    }

    // x with log(1 + exp x) = t.
    private static double InverseSoftplus(double t) => t + double.Log(-double.ExpM1(-t));
}
