using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using MathNet.Numerics.LinearAlgebra;

namespace FitCluster.Math.Ebmf;

/// <summary>Block subspace iteration on the residuals, with Rayleigh-Ritz: the singular vectors that new factors start from.</summary>
internal static class SubspaceStep
{
    /// <summary>Vectors that an iteration for one new factor carries along: the more, the fewer passes.</summary>
    public const int Width = 4;

    private const int MostPasses = 25;

    // Vectors beside the wanted ones, where all factors start from one iteration.
    private const int Spare = 5;

    // A block is tried with so many wanted vectors, and with about twice as many while all of them stand out of the noise.
    private const int FirstWanted = 11;

    // The leading singular value of a start need be no better than this share: the fit itself refines it.
    private const double StartTolerance = 1e-3;
    private const double SvdTolerance = 1e-7;

    private const ulong Stream = 0x45424D46;

    /// <summary>Whether all factors start from one singular value decomposition.</summary>
    public static bool IsSvd(EbmfProblem problem, EbmfState state) =>
        (!state.FallsBack && (problem.Options.Init == EbmfInit.Svd || !problem.Options.Greedy))
        || (state.Best is not null && state.Restarts);

    /// <summary>Starts an iteration for so many vectors.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state, int wanted)
    {
        // What is left of the block of the factor before is a better start than random vectors.
        var isSvd = IsSvd(problem, state);
        return Widen(problem, state, isSvd ? wanted + Spare : wanted, isSvd ? [] : state.Subspace);
    }

    /// <summary>Starts an iteration for a block of factors that come in together.</summary>
    public static EbmfAnswer BeginBlock(EbmfProblem problem, EbmfState state) =>
        Widen(problem, state, int.Min(FirstWanted, problem.Options.MaxFactors) + Spare, []);

    private static int MostVectors(EbmfProblem problem) => (int)long.Min(problem.Columns, problem.Options.Rows);

    // Vectors that are there already, and random ones beside them.
    private static EbmfAnswer Widen(EbmfProblem problem, EbmfState state, int wantedWidth, double[] left)
    {
        var (options, p) = (problem.Options, problem.Columns);
        var width = int.Min(MostVectors(problem), wantedWidth);
        var block = new double[width * p];
        var kept = int.Min(left.Length / p, width);
        left.AsSpan(0, kept * p).CopyTo(block);
        for (var i = kept * p; i < block.Length; i++)
        {
            block[i] = Philox.Normal(options.Seed, Stream + (ulong)state.GreedyAccepted, (ulong)i);
        }

        state.Subspace = Orthonormal.Of(block, p);
        (state.Passes, state.InnerValue) = (0, 0);
        return EbmfAnswer.NeedsVectors;
    }

    /// <summary>One pass; at the end the starts of one factor, or of all.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (options, b) = (problem.Options, state.Subspace.Length / problem.Columns);
        var weights = StartWeights.Of(problem, state);
        var cross = StartWeights.Weighted(problem.Noise.ByEntry ? [] : weights, TakeOutFactors(problem, state, partial, b));
        var (rotated, values) = Rotate(cross, partial.Get(PartialKeys.Gram), b, problem.Columns);
        state.Passes++;
        state.Subspace = Orthonormal.Of(rotated, problem.Columns);
        var (isSvd, isBlock) = (IsSvd(problem, state), IsBlock(problem, state));
        var wanted = isBlock ? WantedOfBlock(problem, b)
            : isSvd ? int.Min(state.Best is null ? options.MaxFactors : state.LookFactors, b) : 1;
        var value = values.Skip(b - wanted).Sum(v => double.Sqrt(double.Max(0, v)));
        var isDone = double.Abs(value - state.InnerValue) <= (isSvd ? SvdTolerance : StartTolerance) * value || state.Passes >= MostPasses;
        state.InnerValue = value;
        if (state.EndedEarly)
        {
            return EbmfAnswer.Ended;
        }

        if (!isDone)
        {
            return EbmfAnswer.Again;
        }

        if (isBlock)
        {
            return Block(problem, state, values, weights);
        }

        if (weights.Length > 0 && problem.Noise.ByEntry)
        {
            // What a column's entries are weighted by, on the whole.
            weights = [.. partial.Get(PartialKeys.Denominator).Zip(state.ColumnCounts, (w, n) => w / double.Max(1, n))];
        }

        var starts = Starts(state.Subspace, problem.Columns, wanted, values, weights);
        if (state.Stage == EbmfStage.Together)
        {
            return TogetherStep.Take(problem, state, starts);
        }

        if (!isSvd)
        {
            return StartStep.Begin(problem, state, starts[0]);
        }

        state.Starts = [.. starts.SelectMany(s => s)];
        state.Subspace = [];
        return EbmfAnswer.HasStarts;
    }

    private static bool IsBlock(EbmfProblem problem, EbmfState state) =>
        state.Stage == EbmfStage.Together && TogetherStep.IsBlock(problem, state);

    private static int WantedOfBlock(EbmfProblem problem, int width) =>
        int.Min(problem.Options.MaxFactors, width == MostVectors(problem) ? width : width - Spare);

    // The factors of a block are those whose singular values noise alone would not reach; where all do, there may be more.
    private static EbmfAnswer Block(EbmfProblem problem, EbmfState state, double[] values, double[] weights)
    {
        var (b, p) = (values.Length, problem.Columns);
        var wanted = WantedOfBlock(problem, b);
        var above = AboveNoise(problem, state, values, wanted);
        if (above == wanted && wanted < int.Min(problem.Options.MaxFactors, MostVectors(problem)))
        {
            Widen(problem, state, int.Min(2 * b, problem.Options.MaxFactors + Spare), state.Subspace);
            return EbmfAnswer.Again;
        }

        if (above == 0)
        {
            state.Subspace = [];
            return EbmfAnswer.NoFactors;
        }

        return TogetherStep.Take(problem, state, Starts(state.Subspace, p, above, values, weights));
    }

    // How many of the largest singular values are above that of independent noise of n x p entries, sigma (sqrt n + sqrt p) (Geman 1980).
    // sigma^2 is what is left beside those above, so that it falls as they are found. Errors known by row say nothing of the unweighted
    // spectrum: then nothing is left out. The weighted one has the same noise in all entries, c (StartWeights).
    private static int AboveNoise(EbmfProblem problem, EbmfState state, double[] values, int wanted)
    {
        var (n, p, isKnown) = ((double)problem.Options.Rows, (double)problem.Columns, problem.Noise.Variance == VarianceStructure.Known);
        if (isKnown && problem.Noise.Known == KnownErrors.Row && !state.StartsAreWeighted)
        {
            return wanted;
        }

        var (above, left) = (0, state.TotalVariance);
        while (above < wanted && above < double.Min(n, p))
        {
            var value = values[values.Length - 1 - above];
            var variance = left / (isKnown ? n * p : (n - above) * (p - above));
            if (!(value > variance * (n + p + (2 * double.Sqrt(n * p)))))
            {
                break;
            }

            left = isKnown ? left : double.Max(0, left - value);
            above++;
        }

        return above;
    }

    /// <summary>R'Z: X'Z without F L'Z.</summary>
    public static double[] TakeOutFactors(EbmfProblem problem, EbmfState state, ArraySet partial, int b)
    {
        var w = (double[])partial.Get(PartialKeys.Cross).Clone();
        var lz = partial.Get(PartialKeys.LoadingsCross);
        for (var k = 0; k < state.K; k++)
        {
            var f = state.Factors[k].Mean;
            for (var t = 0; t < b; t++)
            {
                var scale = lz[(k * b) + t];
                for (var j = 0; j < f.Length; j++)
                {
                    w[(t * problem.Columns) + j] -= scale * f[j];
                }
            }
        }

        return w;
    }

    // Rayleigh-Ritz: rotate R'R Q by the eigenvectors of Q'R'R Q = Z'Z, largest first.
    private static (double[] Rotated, double[] Values) Rotate(double[] w, double[] z2, int b, int columns)
    {
        var small = Matrix<double>.Build.Dense(b, b, (r, c) => r >= c ? z2[(r * b) + c] : z2[(c * b) + r]);
        var eigen = small.Evd(Symmetricity.Symmetric);
        var rotated = new double[w.Length];
        for (var t = 0; t < b; t++)
        {
            var from = b - 1 - t;
            for (var s = 0; s < b; s++)
            {
                var weight = eigen.EigenVectors[s, from];
                for (var j = 0; j < columns; j++)
                {
                    rotated[(t * columns) + j] += weight * w[(s * columns) + j];
                }
            }
        }

        return (rotated, [.. eigen.EigenValues.Select(v => v.Real)]);
    }

    // Right singular vectors scaled by the root of their singular values, so that both sides of a factor have the same norm, and no longer
    // weighted.
    private static List<double[]> Starts(double[] vectors, int columns, int wanted, double[] values, double[] weights)
    {
        var starts = new List<double[]>();
        for (var t = 0; t < wanted; t++)
        {
            var scale = double.Sqrt(double.Sqrt(double.Max(0, values[values.Length - 1 - t])));
            var start = StartWeights.Unweighted(weights, vectors[(t * columns)..((t + 1) * columns)]);
            starts.Add([.. start.Select(v => v * (scale > 0 ? scale : 1))]);
        }

        return starts;
    }
}
