using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using MathNet.Numerics.LinearAlgebra;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // Vectors that a subspace iteration for one new factor carries along: the more, the fewer passes.
    private const int SubspaceWidth = 4;
    private const int MostSubspacePasses = 25;
    private const int MostPowerPasses = 100;

    // The leading singular value of a start need be no better than this share: the fit itself refines it.
    private const double StartTolerance = 1e-3;
    private const double SvdTolerance = 1e-7;

    private const ulong SubspaceStream = 0x45424D46;

    private void BeginSubspace(int width)
    {
        var most = (int)long.Min(Columns, options.Rows);
        width = int.Min(most, IsSvd ? width + 5 : width);

        // What is left of the block of the factor before is a better start than random vectors.
        var left = IsSvd ? [] : state.Subspace;
        var block = new double[width * Columns];
        var kept = int.Min(left.Length / Columns, width);
        left.AsSpan(0, kept * Columns).CopyTo(block);
        for (var i = kept * Columns; i < block.Length; i++)
        {
            block[i] = Philox.Normal(options.Seed, SubspaceStream + (ulong)state.GreedyAccepted, (ulong)i);
        }

        state.Subspace = Orthonormal(block);
        state.Passes = 0;
        state.InnerValue = 0;
        state.Step = EbmfStep.Subspace;
    }

    private bool IsSvd => options.Init == EbmfInit.Svd || !options.Greedy;

    private void AfterSubspace(ArraySet partial)
    {
        var b = state.Subspace.Length / Columns;
        var w = (double[])partial["cross"].Clone();
        var lz = partial["loadings"];
        for (var k = 0; k < state.K; k++)
        {
            for (var t = 0; t < b; t++)
            {
                var scale = lz[(k * b) + t];
                var f = state.Factors[k].Mean;
                for (var j = 0; j < Columns; j++)
                {
                    w[(t * Columns) + j] -= scale * f[j];
                }
            }
        }

        // Rayleigh-Ritz: rotate R'R Q by the eigenvectors of Q'R'R Q = Z'Z, largest first.
        var z2 = partial["gram"];
        var small = Matrix<double>.Build.Dense(b, b, (r, c) => r >= c ? z2[(r * b) + c] : z2[(c * b) + r]);
        var eigen = small.Evd(Symmetricity.Symmetric);
        var values = eigen.EigenValues.Select(v => v.Real).ToArray();
        var rotated = new double[w.Length];
        for (var t = 0; t < b; t++)
        {
            var from = b - 1 - t;
            for (var s = 0; s < b; s++)
            {
                var weight = eigen.EigenVectors[s, from];
                for (var j = 0; j < Columns; j++)
                {
                    rotated[(t * Columns) + j] += weight * w[(s * Columns) + j];
                }
            }
        }

        state.Passes++;
        state.Subspace = Orthonormal(rotated);
        var wanted = IsSvd ? int.Min(options.MaxFactors, b) : 1;
        var value = values.Skip(b - wanted).Sum(v => double.Sqrt(double.Max(0, v)));
        var isDone = double.Abs(value - state.InnerValue) <= (IsSvd ? SvdTolerance : StartTolerance) * value || state.Passes >= MostSubspacePasses;
        state.InnerValue = value;
        if (!isDone && !state.EndedEarly)
        {
            return;
        }

        var starts = Starts(wanted, values);
        if (state.EndedEarly)
        {
            BeginBackfit();
        }
        else if (!options.Greedy)
        {
            foreach (var start in starts)
            {
                AddFactor(start, -1);
            }

            state.Subspace = [];
            state.Active = All();
            state.Step = EbmfStep.Project;
        }
        else if (options.Init == EbmfInit.Svd)
        {
            state.Starts = [.. starts.SelectMany(s => s)];
            state.Subspace = [];
            BeginGreedy();
        }
        else
        {
            BeginPowerOrCandidate(starts[0]);
        }
    }

    // Right singular vectors scaled by the root of their singular values, so that both sides of a factor have the same norm.
    private List<double[]> Starts(int wanted, double[] values)
    {
        var starts = new List<double[]>();
        for (var t = 0; t < wanted; t++)
        {
            var scale = double.Sqrt(double.Sqrt(double.Max(0, values[values.Length - 1 - t])));
            starts.Add([.. state.Subspace.Skip(t * Columns).Take(Columns).Select(v => v * (scale > 0 ? scale : 1))]);
        }

        return starts;
    }

    // Missing entries and signs need least squares that heed them: alternate from the singular vector.
    private void BeginPowerOrCandidate(double[] start)
    {
        var left = IsSvd ? [] : state.Subspace[Columns..];
        if (LoadingsSign(state.K) == 0 && FactorsSign(state.K) == 0 && TotalCount == options.Rows * (double)Columns)
        {
            state.Subspace = left;
            BeginCandidate(start);
            return;
        }

        if (!IsSvd)
        {
            state.Starts = left;
        }

        state.Subspace = start;
        state.Passes = 0;
        state.Step = EbmfStep.Power;
    }

    private void AfterPower(ArraySet partial)
    {
        var (numerator, denominator, sums) = (partial["numerator"], partial["denominator"], partial["sums"]);
        var f = state.Subspace;
        state.Passes++;
        var (lSign, fSign) = (LoadingsSign(state.K), FactorsSign(state.K));
        if (state.Passes == 1 && lSign != 0 && fSign == 0 && sums[lSign > 0 ? 1 : 0] > sums[lSign > 0 ? 0 : 1])
        {
            // The other sign of the start keeps more of it.
            state.Subspace = [.. f.Select(v => -v)];
            return;
        }

        var next = new double[Columns];
        for (var j = 0; j < Columns; j++)
        {
            next[j] = denominator[j] > 0 ? numerator[j] / denominator[j] : 0;
            next[j] = next[j] * fSign < 0 ? 0 : next[j];
        }

        var (norm, before) = (double.Sqrt(next.Sum(v => v * v)), double.Sqrt(f.Sum(v => v * v)));
        var change = double.PositiveInfinity;
        if (norm > 0 && before > 0)
        {
            change = 0;
            for (var j = 0; j < Columns; j++)
            {
                change = double.Max(change, double.Abs((next[j] / norm) - (f[j] / before)));
            }
        }

        // Both sides get the same norm: that of l is the root of the sum of squares that kept its sign.
        var l = double.Sqrt(lSign == 0 ? sums[0] + sums[1] : sums[lSign > 0 ? 0 : 1]);
        var scale = norm > 0 && l > 0 ? double.Sqrt(l / norm) : 1;
        state.Subspace = norm > 0 ? [.. next.Select(v => v * scale)] : f;
        if (change > 1.0 / long.Max(Columns, options.Rows) && norm > 0 && state.Passes < MostPowerPasses && !state.EndedEarly)
        {
            return;
        }

        var start = state.Subspace;
        state.Subspace = IsSvd ? [] : state.Starts;
        state.Starts = IsSvd ? state.Starts : [];
        BeginCandidate(start);
    }

    private void AfterProject(ArraySet partial)
    {
        // A side that must have a sign gets the one that keeps more of the start.
        var signs = partial["signs"];
        var flipped = false;
        for (var t = 0; t < state.Active.Length; t++)
        {
            var sign = LoadingsSign(state.Active[t]);
            var factor = state.Factors[state.Active[t]];
            if (sign != 0 && signs[(2 * t) + (sign > 0 ? 1 : 0)] > signs[(2 * t) + (sign > 0 ? 0 : 1)])
            {
                factor.Mean = [.. factor.Mean.Select(v => -v)];
                flipped = true;
            }
        }

        if (flipped)
        {
            // The loadings on the shards must follow.
            return;
        }

        BeginWithFactors();
    }

    private int LoadingsSign(int k) => EbnmFamilies.Get(options.LoadingsPrior[int.Min(k, options.LoadingsPrior.Count - 1)]).Sign;

    private int FactorsSign(int k) => EbnmFamilies.Get(options.FactorsPrior[int.Min(k, options.FactorsPrior.Count - 1)]).Sign;

    // Modified Gram-Schmidt, twice, on vectors that lie one after the other; a vector that vanishes is replaced by a unit vector.
    private double[] Orthonormal(double[] block)
    {
        var result = (double[])block.Clone();
        var count = result.Length / Columns;
        for (var t = 0; t < count; t++)
        {
            var v = result.AsSpan(t * Columns, Columns);
            var original = Norm(v);
            for (var pass = 0; pass < 2; pass++)
            {
                for (var s = 0; s < t; s++)
                {
                    var u = result.AsSpan(s * Columns, Columns);
                    var dot = System.Numerics.Tensors.TensorPrimitives.Dot<double>(u, v);
                    for (var j = 0; j < Columns; j++)
                    {
                        v[j] -= dot * u[j];
                    }
                }
            }

            var norm = Norm(v);
            if (norm <= 1e-12 * original || norm == 0)
            {
                v.Clear();
                v[t % Columns] = 1;
                continue;
            }

            for (var j = 0; j < Columns; j++)
            {
                v[j] /= norm;
            }
        }

        return result;
    }

    private static double Norm(ReadOnlySpan<double> v) => double.Sqrt(System.Numerics.Tensors.TensorPrimitives.SumOfSquares(v));
}
