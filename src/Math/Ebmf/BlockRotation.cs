using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// A truncated singular value decomposition says which space the factors of a block span, not which factors: any L R, F R with an
/// orthogonal R fits the data alike, and priors prefer the sparse ones. From the singular vectors themselves it takes sweeps by the
/// hundred to turn there. So they are turned to begin with: by the varimax rotation of the loadings, of the factors, or of both, or by
/// none, whichever has the largest likelihood under point-normal priors of all columns (all are turns of the same coordinates, so that
/// likelihoods compare).
/// </summary>
internal static class BlockRotation
{
    /// <summary>Rows and columns that are looked at, evenly spaced: a rotation has few parameters.</summary>
    public const int Sample = 2048;

    /// <summary>The distance of the rows (or columns) that are looked at.</summary>
    public static long Stride(long length) => (length + Sample - 1) / Sample;

    /// <summary>How many are looked at.</summary>
    public static int Count(long length) => (int)((length + Stride(length) - 1) / Stride(length));

    /// <summary>Whether a rotation can matter: normal priors are alike in all directions.</summary>
    public static bool Matters(EbmfProblem problem) =>
        problem.Options.LoadingsPrior.Concat(problem.Options.FactorsPrior)
            .Any(f => f is not (PriorFamily.Normal or PriorFamily.Flat or PriorFamily.PointMass));

    /// <summary>
    /// Turns the factors of the block, which have the norms that their loadings have. Returns the vectors W by which the loadings follow,
    /// L R = X W, one after the other; none where the singular vectors stay.
    /// </summary>
    public static double[] Turn(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var block = state.Active.Select(k => state.Factors[k]).ToArray();
        var (k, n, p) = (block.Length, problem.Options.Rows, problem.Columns);
        var weights = StartWeights.Of(problem, state);
        var size = block.Select(f => weights.Length == 0 ? f.Mean.Sum(v => v * v) : StartWeights.SumOfSquares(weights, f.Mean)).ToArray();
        if (k < 2 || !Matters(problem) || !size.All(s => s > 0))
        {
            return [];
        }

        var sample = partial.Get(PartialKeys.Sample);
        var (rows, step) = (Count(n), (int)Stride(p));
        double[][] l = [.. Enumerable.Range(0, k).Select(t => sample[(t * rows)..((t + 1) * rows)])];
        double[][] seen = [.. block.Select(b => StartWeights.Weighted(weights, b.Mean))];
        double[][] f = [.. seen.Select(b => Enumerable.Range(0, Count(p)).Select(j => b[j * step]).ToArray())];
        var noise = double.Max(state.TotalVariance - size.Sum(d => d * d), 1e-6 * state.TotalVariance) / (n * (double)p);
        double[][] both = [.. Enumerable.Range(0, k).Select(t => Whitened(l[t], n, size[t]).Concat(Whitened(f[t], p, size[t])).ToArray())];
        double[][] rotations = [Varimax.Identity(k), Varimax.Of(l), Varimax.Of(f), Varimax.Of(both)];
        var best = rotations.MaxBy(r => LogLikelihood(problem, l, f, r, size, noise))!;
        if (best == rotations[0])
        {
            return [];
        }

        double[][] whole = [.. block.Select(b => b.Mean)], directions = [.. whole.Select((m, t) => m.Select(v => v / size[t]).ToArray())];
        var turned = Varimax.Turn(whole, best);
        for (var t = 0; t < k; t++)
        {
            block[t].Mean = turned[t];
        }

        return [.. Varimax.Turn(directions, best).SelectMany(w => w)];
    }

    // Coordinates with mean square 1.
    private static IEnumerable<double> Whitened(double[] column, long length, double size)
    {
        var scale = double.Sqrt(length / size);
        return column.Select(v => v * scale);
    }

    // Of all rows and columns, by those that are looked at.
    private static double LogLikelihood(EbmfProblem problem, double[][] l, double[][] f, double[] rotation, double[] size, double noise)
    {
        var (lr, fr, sum) = (Varimax.Turn(l, rotation), Varimax.Turn(f, rotation), 0.0);
        for (var t = 0; t < size.Length; t++)
        {
            // Both sides of a turned factor have this sum of squares.
            var norm = size.Select((d, r) => d * rotation[(r * size.Length) + t] * rotation[(r * size.Length) + t]).Sum();
            var error = double.Sqrt(noise / norm);
            sum += Of(lr[t], error) * (problem.Options.Rows / (double)l[t].Length);
            sum += Of(fr[t], error) * (problem.Columns / (double)f[t].Length);
        }

        return sum;

        double Of(double[] column, double error)
        {
            var errors = new double[column.Length];
            errors.AsSpan().Fill(error);
            return EbnmFamilies.Get(PriorFamily.PointNormal).Fit(column, errors, problem.Ebnm).LogLikelihood;
        }
    }
}
