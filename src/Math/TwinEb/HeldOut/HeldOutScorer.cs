using System.Runtime.Intrinsics;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The held-out log-likelihood of a shard's cells, log((1/M) sum_m p(x_ij | u_i^m, v_j^m)) with joint draws of rows and columns,
/// streamed: a draw of all columns is made at the shard, then row after row, and each cell keeps the running (maximum, sum) of its
/// log-mean-exp. Costs M (columns + rows + cells) L operations and memory for columns x L and 3 numbers a cell. With M = 1 posterior means
/// take the place of draws. A Poisson rate counts as no less than 1e-300 and a log density as no less than -1e300, so that a score is
/// finite.
/// </summary>
public sealed class HeldOutScorer
{
    private const double LeastRate = 1e-300;
    private const double LeastLogDensity = -1e300;

    // The stream of the uniform numbers that choose which zeros are scored.
    private const ulong ZeroStream = 0x5A45_524F_0000_0000;

    private readonly TwinEbOptions _options;

    /// <summary>A scorer for the likelihood and the scoring options of a fit.</summary>
    public HeldOutScorer(TwinEbOptions options) => _options = options;

    /// <summary>Scores the cells of a kind.</summary>
    /// <param name="data">The shard.</param>
    /// <param name="kind">Which cells.</param>
    /// <param name="rows">The posterior of the shard's rows.</param>
    /// <param name="columns">The posterior of all columns.</param>
    /// <param name="zeroShare">The probability with which a zero is scored (<see cref="ZeroShare"/>); 1 scores all of them.</param>
    /// <param name="dispersion">Negative binomial: a.</param>
    /// <param name="draws">How many draws; 0: as many as the options say.</param>
    public HeldOutScore Score(
        ShardData data, HeldOutKind kind, ISideSampler rows, ISideSampler columns, double zeroShare = 1, double dispersion = 0,
        int draws = 0)
    {
        draws = draws == 0 ? _options.HeldOutSamples : draws;
        var cells = Scored.Of(new HeldOutCells(data), data, kind, _options, zeroShare, dispersion);
        if (cells.Others + cells.Zeros == 0)
        {
            return HeldOutScore.None;
        }

        var (factors, count) = (_options.Factors, _options.Columns);
        var byColumn = new double[(long)count * factors];
        var row = new double[factors];
        var rates = new double[cells.Longest];
        columns.Mean(0, count, byColumn);
        var (squared, absolute, means, squaredMeans) = (0.0, 0.0, 0.0, 0.0);
        foreach (var (local, start, end) in cells.RowRanges)
        {
            rows.Mean(local, 1, row);
            Dots(row, byColumn, cells.Columns.AsSpan(start, end - start), rates);
            for (var c = start; c < end; c++)
            {
                var error = cells.Values[c] - rates[c - start];
                squared += error * error;
                absolute += double.Abs(error);
                means += rates[c - start];
                squaredMeans += rates[c - start] * rates[c - start];
            }

            if (draws == 1)
            {
                LogDensities(cells, start, end, rates, dispersion);
                rates.AsSpan(0, end - start).CopyTo(cells.Largest.AsSpan(start));
            }
        }

        if (draws > 1)
        {
            cells.Largest.AsSpan().Fill(double.NegativeInfinity);
            for (var draw = 0; draw < draws; draw++)
            {
                columns.Draw(draw, 0, count, byColumn);
                foreach (var (local, start, end) in cells.RowRanges)
                {
                    rows.Draw(draw, local, 1, row);
                    Dots(row, byColumn, cells.Columns.AsSpan(start, end - start), rates);
                    LogDensities(cells, start, end, rates, dispersion);
                    LogSumExp.Accumulate(rates.AsSpan(0, end - start), cells.Largest.AsSpan(start), cells.Sums.AsSpan(start));
                }
            }
        }

        return Total(cells, draws) with
        {
            SquaredError = squared,
            AbsoluteError = absolute,
            Means = means,
            SquaredMeans = squaredMeans,
        };
    }

    /// <summary>
    /// The probability with which a held-out zero is scored when zeros are subsampled: as many zeros as other cells in expectation. (The
    /// published code draws exactly min(zeros, others) without replacement; each zero deciding by its own number needs no list of all
    /// zeros.)
    /// </summary>
    public static double ZeroShare(TwinEbOptions options, double zeros, double others) =>
        options.HeldOutZeroSample && zeros > others && others > 0 ? others / zeros : 1;

    private static HeldOutScore Total(Scored cells, int draws)
    {
        var (logLikOthers, logLikZeros, scoredZeros) = (0.0, 0.0, 0L);
        var logCount = double.Log(draws);
        for (var c = 0; c < cells.Values.Length; c++)
        {
            var logLik = cells.Largest[c] + (draws > 1 ? double.Log(cells.Sums[c]) - logCount : 0);
            if (cells.Values[c] != 0)
            {
                logLikOthers += logLik;
            }
            else if (cells.ZeroIsScored[c])
            {
                logLikZeros += logLik;
                scoredZeros++;
            }
        }

        return new HeldOutScore(logLikOthers, logLikZeros, cells.Others, cells.Zeros, scoredZeros, 0, 0, 0, 0);
    }

    private static void Dots(ReadOnlySpan<double> row, ReadOnlySpan<double> byColumn, ReadOnlySpan<int> columns, Span<double> result)
    {
        for (var c = 0; c < columns.Length; c++)
        {
            result[c] = FactorKernel.Dot(row, byColumn.Slice(columns[c] * row.Length, row.Length));
        }
    }

    // Turns the means of a row's cells into log densities, in place.
    private void LogDensities(Scored cells, int start, int end, Span<double> means, double dispersion)
    {
        means = means[..(end - start)];
        if (_options.Likelihood == TwinEbLikelihood.Gaussian)
        {
            var constant = -NormalDistribution.LogRootTwoPi - double.Log(_options.NoiseSd);
            for (var c = 0; c < means.Length; c++)
            {
                var z = (cells.Values[start + c] - means[c]) / _options.NoiseSd;
                var shift = _options.HeldOutSubtractsValue ? cells.Values[start + c] : 0;
                means[c] = double.Max(constant - (0.5 * z * z) - shift, LeastLogDensity);
            }

            return;
        }

        if (dispersion > 0)
        {
            var constant = dispersion * double.Log(dispersion);
            for (var c = 0; c < means.Length; c++)
            {
                var (x, rate) = (cells.Values[start + c], double.Max(means[c], LeastRate));
                var log = (x == 0 ? 0 : x * double.Log(rate)) - ((dispersion + x) * double.Log(dispersion + rate));
                means[c] = double.Max(log + constant - cells.LogFactorials[start + c], LeastLogDensity);
            }

            return;
        }

        var at = 0;
        ReadOnlySpan<double> values = cells.Values;
        ReadOnlySpan<double> logFactorials = cells.LogFactorials;
        for (; at + Vector256<double>.Count <= means.Length; at += Vector256<double>.Count)
        {
            // log 0! and 0 log rate are 0: an observed zero needs no case of its own.
            var x = Vector256.Create(values[(start + at)..]);
            var rate = Vector256.Max(Vector256.Create<double>(means[at..]), Vector256.Create(LeastRate));
            var logDensity = (x * VectorLog.Of(rate)) - Vector256.Create(logFactorials[(start + at)..]) - rate;
            Vector256.Max(logDensity, Vector256.Create(LeastLogDensity)).CopyTo(means[at..]);
        }

        for (var c = at; c < means.Length; c++)
        {
            var x = cells.Values[start + c];
            var rate = double.Max(means[c], LeastRate);
            means[c] = double.Max((x == 0 ? 0 : (x * double.Log(rate)) - cells.LogFactorials[start + c]) - rate, LeastLogDensity);
        }
    }

    private sealed class Scored
    {
        public required int[] Columns { get; init; }
        public required double[] Values { get; init; }
        public required double[] LogFactorials { get; init; }
        public required double[] Largest { get; init; }
        public required double[] Sums { get; init; }
        public required bool[] ZeroIsScored { get; init; }
        public required List<(int Row, int Start, int End)> RowRanges { get; init; }
        public required int Longest { get; init; }
        public required long Zeros { get; init; }
        public required long Others { get; init; }

        public static Scored Of(
            HeldOutCells cells, ShardData data, HeldOutKind kind, TwinEbOptions options, double zeroShare, double dispersion)
        {
            var (zeros, others) = cells.CountOf(kind);
            var (columns, values, chosen) = (new int[zeros + others], new double[zeros + others], new bool[zeros + others]);
            var ranges = new List<(int, int, int)>();
            var (at, longest) = (0, 0);
            for (var i = 0; i < cells.Rows; i++)
            {
                var start = at;
                var rowColumns = cells.RowColumns(i);
                var rowValues = cells.RowValues(i);
                var kinds = cells.RowKinds(i);
                for (var c = 0; c < kinds.Length; c++)
                {
                    if (kinds[c] == (int)kind)
                    {
                        columns[at] = (int)rowColumns[c];
                        values[at] = rowValues[c];
                        chosen[at] = rowValues[c] == 0 && (zeroShare >= 1 || Philox.Uniform(
                            options.Seed, ZeroStream + (ulong)columns[at], (ulong)(data.FirstRow + i)) < zeroShare);
                        at++;
                    }
                }

                if (at > start)
                {
                    ranges.Add((i, start, at));
                    longest = int.Max(longest, at - start);
                }
            }

            return new Scored
            {
                Columns = columns,
                Values = values,
                LogFactorials = options.Likelihood switch
                {
                    TwinEbLikelihood.Gaussian => [],
                    TwinEbLikelihood.Poisson => [.. values.Select(x => GammaFunctions.LogFactorial(x))],

                    // Of a negative binomial what else of its density does not change with the rate.
                    _ => [.. values.Select(x => GammaFunctions.LogFactorial(x) - GammaFunctions.LogGamma(dispersion + x)
                        + GammaFunctions.LogGamma(dispersion))],
                },
                Largest = new double[at],
                Sums = new double[at],
                ZeroIsScored = chosen,
                RowRanges = ranges,
                Longest = longest,
                Zeros = zeros,
                Others = others,
            };
        }
    }
}
