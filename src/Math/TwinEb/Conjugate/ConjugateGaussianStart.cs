using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Where the Gaussian model's restarts start: anew with one component a side, which are split later; or from a finished fit's columns and
/// priors.
/// </summary>
internal sealed class ConjugateGaussianStart(TwinEbOptions options)
{
    private readonly int _factors = options.Factors;
    private readonly int _packed = options.Factors * (options.Factors + 1) / 2;

    /// <summary>Columns and priors.</summary>
    public void Columns(StateSet<ConjugateField> state, ulong seed, TwinEbStart? from)
    {
        var (rows, columns) = StartLevels(state);
        var (means, variances) = (new double[options.Columns * _factors], new double[options.Columns * _factors]);
        for (var at = 0; at < means.Length; at++)
        {
            var (column, factor) = (at / _factors, at % _factors);
            var isGiven = from is not null && factor < from.Factors;
            means[at] = isGiven
                ? from!.ColumnMeans[(column * from.Factors) + factor]
                : columns * ConjugateDraw.Normal(seed, ConjugateDraw.ColumnStart, 0, column, factor);
            var sd = isGiven ? from!.ColumnSds[(column * from.Factors) + factor] : 0;
            variances[at] = sd * sd;
        }

        state.Put(ConjugateKeys.ColumnMeans, means, [options.Columns, _factors]);
        state.Put(ConjugateKeys.ColumnSeconds, Seconds(means, variances, from), [options.Columns, _packed]);
        state.Put(ConjugateKeys.ColumnVariances, variances, [options.Columns, _factors]);
        state.Arrays.Set(ConjugateKeys.ColumnTerm, ConjugateSettings.NoObjective).Set(ConjugateKeys.RowLevel, rows);
        var rowPrior = !options.LearnsRowPrior ? ConjugateNormalPrior.One(_factors, 0, options.RowPriorScale * options.RowPriorScale)
            : from is null ? ConjugateNormalPrior.One(_factors, 0, rows * rows)
            : Prior(from.RowPrior, from.Factors, rows, options.IsRowMixture, state[ConjugateField.TrainingRows]);
        rowPrior.Write(state.Arrays, ConjugateKeys.RowPrior);
        var columnPrior =
            !options.LearnsColumnPrior ? ConjugateNormalPrior.One(_factors, 0, options.ColumnPriorScale * options.ColumnPriorScale)
            : from is null ? ConjugateNormalPrior.One(_factors, 0, columns * columns)
            : Prior(from.ColumnPrior, from.Factors, columns, options.IsColumnMixture, options.Columns);
        columnPrior.Write(state.Arrays, ConjugateKeys.ColumnPrior);
        new ConjugateNormalStatistics(columnPrior.Components, _factors).Write(state.Arrays, ConjugateKeys.ColumnStatistics);
    }

    /// <summary>From one component a side to as many as the options say: the columns' moments are those of one.</summary>
    public void Split(StateSet<ConjugateField> state, double[] candidates, ulong seed)
    {
        if (options.IsRowMixture && options.RowComponents > 1)
        {
            var (means, variances) = (new double[candidates.Length / 2], new double[candidates.Length / 2]);
            for (var c = 0; c < candidates.Length / (2 * _factors); c++)
            {
                candidates.AsSpan(2 * c * _factors, _factors).CopyTo(means.AsSpan(c * _factors));
                candidates.AsSpan(((2 * c) + 1) * _factors, _factors).CopyTo(variances.AsSpan(c * _factors));
            }

            SplitSide(state, ConjugateKeys.RowPrior, means, variances, options.RowComponents, state[ConjugateField.TrainingRows], seed);
        }

        if (options.IsColumnMixture && options.ColumnComponents > 1)
        {
            SplitSide(state, ConjugateKeys.ColumnPrior, state[ConjugateKeys.ColumnMeans], state[ConjugateKeys.ColumnVariances],
                options.ColumnComponents, options.Columns, seed + 1);
        }
    }

    // Levels at which sum_l u_l v_l has the spread of the data, in the ratio of the priors' scales where these are given.
    private (double Rows, double Columns) StartLevels(StateSet<ConjugateField> state)
    {
        var squares = double.Max(state[ConjugateField.Squares], 1e-12 * options.NoiseSd * options.NoiseSd);
        var spread = double.Sqrt(squares / double.Max(state[ConjugateField.Cells], 1) / _factors);
        var ratio = double.Sqrt(
            (options.LearnsRowPrior ? 1 : options.RowPriorScale) / (options.LearnsColumnPrior ? 1 : options.ColumnPriorScale));
        return (double.Sqrt(spread) * ratio, double.Sqrt(spread) / ratio);
    }

    // E v v' of every column, packed: as given, where it is; else v v' of the means, and the variances on the diagonal.
    private double[] Seconds(double[] means, double[] variances, TwinEbStart? from)
    {
        var seconds = new double[options.Columns * _packed];
        for (int j = 0, at = 0; j < options.Columns; j++)
        {
            var first = at;
            for (var i = 0; i < _factors; at += i + 1, i++)
            {
                FactorKernel.AddScaled(means[(j * _factors) + i], means.AsSpan(j * _factors, i + 1), seconds.AsSpan(at, i + 1));
                seconds[at + i] += variances[(j * _factors) + i];
            }

            if (from?.ColumnSeconds is { } given)
            {
                // The first rows of a packed triangle are the triangle of the first factors.
                var length = from.Factors * (from.Factors + 1) / 2;
                given.AsSpan(j * length, length).CopyTo(seconds.AsSpan(first));
            }
        }

        return seconds;
    }

    // A given prior, with one more normal at the level for each factor more. The centres are not among a fit's results: these are where the
    // M-step of so many members leaves them.
    private ConjugateNormalPrior Prior(TwinEbStartPrior given, int givenFactors, double level, bool isMixture, double members)
    {
        var prior = new ConjugateNormalPrior(given.Components, _factors);
        given.Weights.CopyTo(prior.Weights, 0);
        for (var at = 0; at < prior.Means.Length; at++)
        {
            var (k, l) = (at / _factors, at % _factors);
            var from = isMixture ? l : 0;
            var isGiven = given.Weights[k] > 0 && from < givenFactors;
            var sd = isGiven ? given.Second[(k * givenFactors) + from] : level;
            prior.Means[at] = isGiven ? given.First[(k * givenFactors) + from] : 0;
            prior.Variances[at] = double.Max(sd * sd, ConjugateNormalPrior.LeastVariance(options));
        }

        for (var l = 0; l < _factors; l++)
        {
            double precision = 0, shift = 0, weight = 0;
            for (var k = 0; k < prior.Components; k++)
            {
                var share = prior.Weights[k] * members / ((prior.Weights[k] * members) + ConjugateSettings.Strength);
                var (m, v) = (prior.Means[(k * _factors) + l], prior.Variances[(k * _factors) + l]);
                (precision, shift, weight) = (precision + (share / v), shift + (share * m / v), weight + share);
            }

            (prior.CentreMeans[l], prior.CentreVariances[l]) = (shift / precision, weight / precision);
        }

        return prior;
    }

    private void SplitSide(StateSet<ConjugateField> state, ConjugatePriorKeys keys, double[] means, double[] variances, int components,
        double members, ulong seed)
    {
        var one = ConjugateNormalPrior.Read(state.Arrays, keys);
        var points = new double[means.Length];
        for (var at = 0; at < means.Length; at++)
        {
            points[at] = (means[at] - one.Means[at % _factors]) / double.Sqrt(one.Variances[at % _factors]);
        }

        var clusters = ConjugateCluster.Assign(points, _factors, components, seed, ConjugateDraw.Cluster);
        var statistics = new ConjugateNormalStatistics(components, _factors);
        var each = members * _factors / means.Length;
        for (var at = 0; at < means.Length; at++)
        {
            var k = clusters[at / _factors];
            statistics.Counts[k] += at % _factors == 0 ? each : 0;
            statistics.Means[(k * _factors) + (at % _factors)] += each * means[at];
            statistics.Squares[(k * _factors) + (at % _factors)] += each * (variances[at] + (means[at] * means[at]));
        }

        var wide = new ConjugateNormalPrior(components, _factors);
        wide.Weights.AsSpan().Fill(1);
        one.Means.AsSpan(0, _factors).CopyTo(wide.CentreMeans);
        one.Variances.AsSpan(0, _factors).CopyTo(wide.CentreVariances);
        ConjugateNormalStep.Mixture(wide, statistics, ConjugateSettings.Strength, ConjugateNormalPrior.LeastVariance(options))
            .Write(state.Arrays, keys);
    }
}
