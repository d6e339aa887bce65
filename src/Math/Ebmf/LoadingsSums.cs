using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// X'L, L'L and sums of E l^2 of all factors. With weights that never change they are all that the ELBO's data term needs: those that a
/// sweep does not touch are kept
/// from their last one. The proposed ones are of the sweep under way: its gram of all factors, and the other sums of the factors that it
/// has updated.
/// </summary>
internal static class LoadingsSums
{
    private sealed record Sums(double[] Gram, double[] GramByColumn, double[][] Cross, double[] SumSecond, double[][]? SumSecondByColumn);

    /// <summary>Whether the sums are kept.</summary>
    public static bool AreKept(EbmfProblem problem) => !problem.Noise.NeedsEvaluation;

    /// <summary>Puts what the shards say of the active factors among the proposed sums.</summary>
    public static void Propose(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (k, a, p, active) = (state.K, state.Active.Length, problem.Columns, state.Active);
        var goesOn = state.Updated.Length > 0;
        var gram = (double[])(goesOn ? state.ProposedGram : state.Gram).Clone();
        var byColumn = (double[])(goesOn ? state.ProposedGramByColumn : state.GramByColumn).Clone();
        var (part, cross, second) = (partial.Get(PartialKeys.Gram), partial.Get(PartialKeys.Cross), partial.Get(PartialKeys.SumSecond));
        for (var t = 0; t < a; t++)
        {
            var (at, factor) = (active[t], state.Factors[active[t]]);
            factor.ProposedCrossProduct = cross[(t * p)..((t + 1) * p)];
            factor.ProposedSumSecond = second[t];
            factor.ProposedSumSecondByColumn = null;
            for (var other = 0; other < k; other++)
            {
                gram[(at * k) + other] = gram[(other * k) + at] = part[(other * a) + t];
            }

            if (problem.IsByColumn(state))
            {
                factor.ProposedSumSecondByColumn = ProposeByColumn(partial, byColumn, (k, a, p), t, at);
            }
        }

        (state.ProposedGram, state.ProposedGramByColumn) = (gram, byColumn);
    }

    /// <summary>Makes the proposed sums the accepted ones.</summary>
    public static void Accept(EbmfState state)
    {
        (state.Gram, state.GramByColumn) = (state.ProposedGram, state.ProposedGramByColumn);
        foreach (var k in state.Iterating)
        {
            var factor = state.Factors[k];
            (factor.CrossProduct, factor.SumSecond, factor.SumSecondByColumn) =
                (factor.ProposedCrossProduct, factor.ProposedSumSecond, factor.ProposedSumSecondByColumn);
        }
    }

    /// <summary>A sweep has been judged: nothing is proposed.</summary>
    public static void ForgetProposed(EbmfState state)
    {
        (state.ProposedGram, state.ProposedGramByColumn) = ([], []);
        foreach (var k in state.Iterating)
        {
            var factor = state.Factors[k];
            (factor.ProposedCrossProduct, factor.ProposedSumSecond, factor.ProposedSumSecondByColumn) = (null, 0, null);
        }
    }

    /// <summary>The expected squared residuals by column of the proposed state.</summary>
    public static double[] ProposedResiduals(EbmfProblem problem, EbmfState state, double[][] mean, double[][] variance)
    {
        var iterating = state.Iterating;
        var isByColumn = problem.IsByColumn(state);
        var sums = new Sums(
            state.ProposedGram,
            state.ProposedGramByColumn,
            [.. state.Factors.Select((f, k) => (iterating.Contains(k) ? f.ProposedCrossProduct : f.CrossProduct) ?? [])],
            [.. state.Factors.Select((f, k) => iterating.Contains(k) ? f.ProposedSumSecond : f.SumSecond)],
            isByColumn
                ? [.. state.Factors.Select((f, k) => (iterating.Contains(k) ? f.ProposedSumSecondByColumn : f.SumSecondByColumn) ?? [])]
                : null);
        return ColumnResiduals(state.ColumnSquares, sums, mean, variance, null);
    }

    /// <summary>The expected squared residuals by column of the accepted state, leaving one factor out where asked.</summary>
    public static double[] AcceptedResiduals(EbmfProblem problem, EbmfState state, int? leftOut = null)
    {
        var sums = new Sums(
            state.Gram,
            state.GramByColumn,
            [.. state.Factors.Select(f => f.CrossProduct!)],
            [.. state.Factors.Select(f => f.SumSecond)],
            problem.IsByColumn(state) ? [.. state.Factors.Select(f => f.SumSecondByColumn!)] : null);
        return ColumnResiduals(
            state.ColumnSquares, sums, [.. state.Factors.Select(f => f.Mean)], [.. state.Factors.Select(f => f.Variance)], leftOut);
    }

    /// <summary>Makes room for one more factor, which is already there.</summary>
    public static void Grow(EbmfProblem problem, EbmfState state)
    {
        if (!AreKept(problem))
        {
            return;
        }

        var (k, old) = (state.K, state.K - 1);
        var gram = new double[k * k];
        for (var a = 0; a < old; a++)
        {
            state.Gram.AsSpan(a * old, old).CopyTo(gram.AsSpan(a * k));
        }

        state.Gram = gram;
        if (!problem.IsByColumn(state))
        {
            return;
        }

        var byColumn = new double[checked(problem.Columns * k * k)];
        for (var ja = 0; ja < problem.Columns * old; ja++)
        {
            state.GramByColumn.AsSpan(ja * old, old).CopyTo(byColumn.AsSpan((((ja / int.Max(1, old)) * k) + (ja % int.Max(1, old))) * k));
        }

        state.GramByColumn = byColumn;
    }

    /// <summary>Keeps the sums of some factors alone.</summary>
    public static void Keep(EbmfProblem problem, EbmfState state, int[] keep)
    {
        if (!AreKept(problem))
        {
            return;
        }

        var (k, old) = (keep.Length, state.K);
        state.Gram = [.. keep.SelectMany(a => keep.Select(b => state.Gram[(a * old) + b]))];
        if (!problem.IsByColumn(state))
        {
            return;
        }

        var (from, to) = (state.GramByColumn, new double[problem.Columns * k * k]);
        for (var j = 0; j < problem.Columns; j++)
        {
            for (var a = 0; a < k; a++)
            {
                for (var b = 0; b < k; b++)
                {
                    to[(((j * k) + a) * k) + b] = from[(((j * old) + keep[a]) * old) + keep[b]];
                }
            }
        }

        state.GramByColumn = to;
    }

    private static double[] ProposeByColumn(ArraySet partial, double[] byColumn, (int K, int A, int P) size, int t, int at)
    {
        var (k, a, p) = size;
        var (columns, seconds) = (partial.Get(PartialKeys.GramByColumn), partial.Get(PartialKeys.SumSecondByColumn));
        var result = new double[p];
        for (var j = 0; j < p; j++)
        {
            result[j] = seconds[(j * a) + t];
            for (var other = 0; other < k; other++)
            {
                var value = columns[(((j * a) + t) * k) + other];
                byColumn[(((j * k) + at) * k) + other] = byColumn[(((j * k) + other) * k) + at] = value;
            }
        }

        return result;
    }

    // The weighted expected squared residuals of every column, sum_i w_ij E r_ij^2 = Y2_j - 2 sum_k (X'L)_jk E f + sum over k != k' of
    // (L'L)_kk' E f_k E f_k' + sum_k (sum of E l_k^2) E f_k^2.
    private static double[] ColumnResiduals(double[] squares, Sums sums, double[][] f, double[][] variance, int? leftOut)
    {
        var (k, without) = (f.Length, leftOut ?? -1);
        var isByColumn = sums.SumSecondByColumn is not null;
        var result = new double[squares.Length];
        for (var j = 0; j < result.Length; j++)
        {
            var sum = squares[j];
            for (var a = 0; a < k; a++)
            {
                if (a == without)
                {
                    continue;
                }

                var second = sums.SumSecond[a] + (sums.SumSecondByColumn?[a][j] ?? 0);
                var inner = 0.0;
                for (var b = 0; b < a; b++)
                {
                    if (b != without)
                    {
                        inner += f[b][j] * (sums.Gram[(a * k) + b] + (isByColumn ? sums.GramByColumn[(((j * k) + a) * k) + b] : 0));
                    }
                }

                sum += (2 * f[a][j] * (inner - sums.Cross[a][j])) + (second * ((f[a][j] * f[a][j]) + variance[a][j]));
            }

            result[j] = sum;
        }

        return result;
    }
}
