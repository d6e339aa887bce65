using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Where the Poisson model's restarts start: anew with one component a side, which are split later; or from a finished fit's columns,
/// priors and rows.
/// </summary>
internal sealed class ConjugatePoissonStart(TwinEbOptions options)
{
    // Starting values are Gamma(10) around the level that gives the data's mean: unequal enough to part the factors.
    private const double StartShape = 10;

    // A mean of less has underflowed; a shape of more is a point.
    private const double LeastMean = 1e-300;
    private const double GreatestShape = 1e12;

    private readonly int _factors = options.Factors;

    /// <summary>Columns and priors.</summary>
    public void Columns(StateSet<ConjugateField> state, ulong seed, TwinEbStart? from)
    {
        var (rows, columns) = StartLevels(state);
        var sums = state[ConjugateKeys.ColumnSums];
        var average = double.Max(sums.Sum() / sums.Length, double.Epsilon);
        var means = new double[sums.Length * _factors];
        var logs = new double[means.Length];
        for (var at = 0; at < means.Length; at++)
        {
            var (column, factor) = (at / _factors, at % _factors);
            if (from is not null && factor < from.Factors)
            {
                var given = (column * from.Factors) + factor;
                (means[at], logs[at]) =
                    (from.ColumnMeans[given], from.ColumnLogs?[given] ?? MeanLog(from.ColumnMeans[given], from.ColumnSds[given]));
                continue;
            }

            var share = ((sums[column] / average) + 0.1) / 1.1;
            means[at] = columns * share * ConjugateDraw.Gamma(StartShape, seed, ConjugateDraw.ColumnStart, 0, column, factor) / StartShape;
            logs[at] = double.Log(means[at]);
        }

        int[] shape = [sums.Length, _factors];
        state.Put(ConjugateKeys.ColumnCounts, new double[means.Length], shape);
        state.Put(ConjugateKeys.ColumnRates, new double[_factors], [1, _factors]);
        state.Put(ConjugateKeys.ColumnLogs, logs, shape);
        state.Put(ConjugateKeys.ColumnMeans, means, shape);
        state.Arrays.Set(ConjugateKeys.ColumnTerm, ConjugateSettings.NoObjective).Set(ConjugateKeys.RowLevel, rows);
        var rowPrior = !options.LearnsRowPrior ? ConjugateGammaPrior.One(_factors, options.RowPriorShape, options.RowPriorRate)
            : from is null ? ConjugateGammaPrior.One(_factors, 1, 1 / rows)
            : Prior(from.RowPrior, from.Factors, rows, options.IsRowMixture, state[ConjugateField.TrainingRows]);
        rowPrior.Write(state.Arrays, ConjugateKeys.RowPrior);
        var columnPrior = !options.LearnsColumnPrior ? ConjugateGammaPrior.One(_factors, options.ColumnPriorShape, options.ColumnPriorRate)
            : from is null ? ConjugateGammaPrior.One(_factors, 1, 1 / columns)
            : Prior(from.ColumnPrior, from.Factors, columns, options.IsColumnMixture, options.Columns);
        columnPrior.Write(state.Arrays, ConjugateKeys.ColumnPrior);
        new ConjugateGammaStatistics(columnPrior.Components, _factors).Write(state.Arrays, ConjugateKeys.ColumnStatistics);
    }

    /// <summary>Rows, anew.</summary>
    public void Rows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        var level = Level(broadcast);
        var logs = new double[data.Block.Rows * _factors];
        for (var at = 0; at < logs.Length; at++)
        {
            logs[at] = level + Draw(data.FirstRow + (at / _factors), at % _factors, seed);
        }

        shard.Set(ConjugateKeys.RowLogs, logs, [data.Block.Rows, _factors]);
    }

    /// <summary>
    /// Rows that a finished fit has, in place of what the shard has of them; returns, by row, whether nothing is left to do: it was one of
    /// these, or is held out.
    /// </summary>
    public bool[] KnownRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        var (cells, isKnown, logs, level) =
            (new HeldOutCells(data), new bool[data.Block.Rows], shard.Get(ConjugateKeys.RowLogs), Level(broadcast));
        var (means, sds) = TwinEbStartRows.Of(data);
        var given = means.Length / int.Max(1, data.Block.Rows);
        for (var i = 0; i < isKnown.Length; i++)
        {
            isKnown[i] = cells.IsHeldOutRow(i);
            if (isKnown[i] || given == 0 || double.IsNaN(means[i * given]))
            {
                continue;
            }

            isKnown[i] = true;
            for (var l = 0; l < _factors; l++)
            {
                logs[(i * _factors) + l] =
                    l < given ? MeanLog(means[(i * given) + l], sds[(i * given) + l]) : level + Draw(data.FirstRow + i, l, seed);
            }
        }

        return isKnown;
    }

    /// <summary>Fits the other rows.</summary>
    public static void FitOthers(bool[] isKnown, IConjugateRowFitter fitter, ArraySet shard)
    {
        for (var i = 0; i < isKnown.Length; i++)
        {
            if (!isKnown[i])
            {
                // What is not finite the sweep will name.
                fitter.FitNew(shard, i, ConjugateSettings.StepsOfNewRow, ConjugateSettings.Tolerance);
            }
        }
    }

    /// <summary>From one component a side to as many as the options say: the columns' moments are those of one.</summary>
    /// <param name="state">The state.</param>
    /// <param name="candidates">Of some rows s and t, or E log u and E u, rows x 2 x factors.</param>
    /// <param name="areMoments">Whether they are moments.</param>
    /// <param name="seed">The restart's seed.</param>
    public void Split(StateSet<ConjugateField> state, double[] candidates, bool areMoments, ulong seed)
    {
        if (options.IsRowMixture && options.RowComponents > 1)
        {
            // The one-component posterior is Gamma(a + s, b + t).
            var one = ConjugateGammaPrior.Read(state.Arrays, ConjugateKeys.RowPrior);
            var (logs, means) = (new double[candidates.Length / 2], new double[candidates.Length / 2]);
            for (var at = 0; at < logs.Length; at++)
            {
                var (c, l) = (at / _factors, at % _factors);
                var (first, second) = (candidates[(2 * c * _factors) + l], candidates[(((2 * c) + 1) * _factors) + l]);
                var (shape, rate) = (one.Shapes[l] + first, one.Rates[l] + second);
                (logs[at], means[at]) = areMoments
                    ? (first, second)
                    : (GammaFunctions.Digamma(shape) - double.Log(rate), shape / rate);
            }

            SplitSide(one, logs, means, options.RowComponents, state[ConjugateField.TrainingRows], seed).Write(
                state.Arrays, ConjugateKeys.RowPrior);
        }

        if (options.IsColumnMixture && options.ColumnComponents > 1)
        {
            var one = ConjugateGammaPrior.Read(state.Arrays, ConjugateKeys.ColumnPrior);
            SplitSide(one, state[ConjugateKeys.ColumnLogs], state[ConjugateKeys.ColumnMeans], options.ColumnComponents,
                options.Columns, seed + 1)
                .Write(state.Arrays, ConjugateKeys.ColumnPrior);
        }
    }

    private static double Level(ArraySet broadcast) => double.Log(broadcast.Scalar(ConjugateKeys.RowLevel) / StartShape);

    private static double Draw(long row, int factor, ulong seed) =>
        double.Log(ConjugateDraw.Gamma(StartShape, seed, ConjugateDraw.RowStart, 0, row, factor));

    // E log x of a Gamma of these moments: of one component exact, of a mixture near enough to start from.
    private static double MeanLog(double mean, double sd)
    {
        mean = double.Max(mean, LeastMean);
        var shape = double.Clamp(mean / sd * (mean / sd), ConjugateGammaPrior.LeastShape, GreatestShape);
        return double.Log(mean) + GammaFunctions.Digamma(shape) - double.Log(shape);
    }

    // A given prior, with one more Gamma(1) at the level for each factor more. The centres are not among a fit's results: these are where
    // the M-step of so many members leaves them.
    private ConjugateGammaPrior Prior(TwinEbStartPrior given, int givenFactors, double level, bool isMixture, double members)
    {
        var prior = new ConjugateGammaPrior(given.Components, _factors);
        given.Weights.CopyTo(prior.Weights, 0);
        for (var at = 0; at < prior.Shapes.Length; at++)
        {
            var (k, l) = (at / _factors, at % _factors);
            var from = isMixture ? l : 0;
            var isGiven = given.Weights[k] > 0 && from < givenFactors;
            var shape = isGiven ? double.Clamp(
                given.First[(k * givenFactors) + from], ConjugateGammaPrior.LeastShape, ConjugateGammaPrior.GreatestShape) : 1;
            var mean = isGiven ? given.First[(k * givenFactors) + from] / given.Second[(k * givenFactors) + from] : level;
            (prior.Shapes[at], prior.Rates[at]) = (shape, shape / mean);
        }

        for (var l = 0; l < _factors; l++)
        {
            double shape = 0, rate = 0, weight = 0;
            for (var k = 0; k < prior.Components; k++)
            {
                var share = prior.Weights[k] * members / ((prior.Weights[k] * members) + ConjugateSettings.Strength);
                (shape, rate, weight) =
                    (shape + (share * prior.Shapes[(k * _factors) + l]), rate + (share * prior.Rates[(k * _factors) + l]), weight + share);
            }

            (prior.CentreShapes[l], prior.CentreRates[l]) = (shape / weight, rate / weight);
        }

        return prior;
    }

    // The levels at which rates have the mean of the data: a fixed prior's own, as far as both sides' product allows.
    private (double Rows, double Columns) StartLevels(StateSet<ConjugateField> state)
    {
        var mean = double.Max(state[ConjugateField.Sum], 1) / double.Max(state[ConjugateField.Cells], 1) / _factors;
        var (row, column) = (options.RowPriorShape / options.RowPriorRate, options.ColumnPriorShape / options.ColumnPriorRate);
        return (options.LearnsRowPrior, options.LearnsColumnPrior) switch
        {
            (false, false) => (row * double.Sqrt(mean / (row * column)), column * double.Sqrt(mean / (row * column))),
            (false, true) => (row, mean / row),
            (true, false) => (mean / column, column),
            _ => (double.Sqrt(mean), double.Sqrt(mean)),
        };
    }

    // Components from clusters of E log x, standardized by the prior's own spread of log x.
    private ConjugateGammaPrior SplitSide(
        ConjugateGammaPrior one, double[] logs, double[] means, int components, double members, ulong seed)
    {
        var count = logs.Length / _factors;
        var points = new double[logs.Length];
        for (var at = 0; at < logs.Length; at++)
        {
            var (a, b) = (one.Shapes[at % _factors], one.Rates[at % _factors]);
            points[at] = (logs[at] - GammaFunctions.Digamma(a) + double.Log(b)) / double.Sqrt(GammaFunctions.Trigamma(a));
        }

        var clusters = ConjugateCluster.Assign(points, _factors, components, seed, ConjugateDraw.Cluster);
        var statistics = new ConjugateGammaStatistics(components, _factors);
        var each = members / count;
        for (var i = 0; i < count; i++)
        {
            statistics.Counts[clusters[i]] += each;
            for (var l = 0; l < _factors; l++)
            {
                var at = (clusters[i] * _factors) + l;
                statistics.Logs[at] += each * logs[(i * _factors) + l];
                statistics.Means[at] += each * means[(i * _factors) + l];
            }
        }

        var wide = new ConjugateGammaPrior(components, _factors);
        wide.Weights.AsSpan().Fill(1);
        one.Shapes.AsSpan(0, _factors).CopyTo(wide.CentreShapes);
        one.Rates.AsSpan(0, _factors).CopyTo(wide.CentreRates);
        return ConjugateGammaStep.Mixture(wide, statistics, ConjugateSettings.Strength, ConjugateSettings.ShapeStrength);
    }
}
