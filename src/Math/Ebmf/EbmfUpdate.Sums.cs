using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // With weights that never change, the ELBO's data term needs only X'L, L'L and sums of E l^2 of all factors: those that a
    // sweep did not touch are kept from their last one.
    private bool KeepsSums => !noise.NeedsEvaluation;

    private sealed record Sums(double[] Gram, double[] GramByColumn, double[][] Cross, double[] SumSecond, double[][]? SumSecondByColumn);

    private Sums MergeSums(ArraySet partial)
    {
        var (k, a, p) = (state.K, state.Active.Length, Columns);
        var goesOn = state.Updated.Length > 0;
        var gram = (double[])(goesOn ? state.ProposedGram : state.Gram).Clone();
        var part = partial["gram"];
        var byColumn = (double[])(goesOn ? state.ProposedGramByColumn : state.GramByColumn).Clone();
        var cross = state.Factors.Select((f, i) => (state.Updated.Contains(i) ? f.ProposedCrossProduct : f.CrossProduct) ?? []).ToArray();
        var second = state.Factors.Select((f, i) => state.Updated.Contains(i) ? f.ProposedSumSecond : f.SumSecond).ToArray();
        var secondByColumn = ByColumn
            ? state.Factors.Select((f, i) => (state.Updated.Contains(i) ? f.ProposedSumSecondByColumn : f.SumSecondByColumn) ?? []).ToArray()
            : null;
        for (var t = 0; t < a; t++)
        {
            var at = state.Active[t];
            cross[at] = partial["cross"][(t * p)..((t + 1) * p)];
            second[at] = partial["sumSecond"][t];
            for (var other = 0; other < k; other++)
            {
                gram[(at * k) + other] = gram[(other * k) + at] = part[(other * a) + t];
            }

            if (!ByColumn)
            {
                continue;
            }

            var (columns, seconds) = (partial["gramByColumn"], partial["sumSecondByColumn"]);
            secondByColumn![at] = new double[p];
            for (var j = 0; j < p; j++)
            {
                secondByColumn[at][j] = seconds[(j * a) + t];
                for (var other = 0; other < k; other++)
                {
                    var value = columns[(((j * a) + t) * k) + other];
                    byColumn[(((j * k) + at) * k) + other] = byColumn[(((j * k) + other) * k) + at] = value;
                }
            }
        }

        return new Sums(gram, byColumn, cross, second, secondByColumn);
    }

    /// <summary>
    /// The weighted expected squared residuals of every column, sum_i w_ij E r_ij^2 = Y2_j - 2 sum_k (X'L)_jk E f + sum over k != k' of
    /// (L'L)_kk' E f_k E f_k' + sum_k (sum of E l_k^2) E f_k^2, leaving one factor out where asked.
    /// </summary>
    private double[] ColumnResiduals(Sums sums, double[][] f, double[][] f2, int leftOut = -1)
    {
        var k = state.K;
        var isByColumn = ByColumn;
        var result = new double[Columns];
        for (var j = 0; j < Columns; j++)
        {
            var sum = state.ColumnSquares[j];
            for (var a = 0; a < k; a++)
            {
                if (a == leftOut)
                {
                    continue;
                }

                var second = sums.SumSecond[a] + (sums.SumSecondByColumn?[a][j] ?? 0);
                var inner = 0.0;
                for (var b = 0; b < a; b++)
                {
                    if (b != leftOut)
                    {
                        inner += f[b][j] * (sums.Gram[(a * k) + b] + (isByColumn ? sums.GramByColumn[(((j * k) + a) * k) + b] : 0));
                    }
                }

                sum += (2 * f[a][j] * (inner - sums.Cross[a][j])) + (second * f2[a][j]);
            }

            result[j] = sum;
        }

        return result;
    }

    private double[] AcceptedResiduals(int leftOut = -1) =>
        ColumnResiduals(AcceptedSums(), [.. state.Factors.Select(f => f.Mean)], [.. state.Factors.Select(f => f.Second)], leftOut);

    private Sums AcceptedSums() => new(
        state.Gram, state.GramByColumn, [.. state.Factors.Select(f => f.CrossProduct!)], [.. state.Factors.Select(f => f.SumSecond)],
        ByColumn ? [.. state.Factors.Select(f => f.SumSecondByColumn!)] : null);

    private void AcceptSums(Sums sums)
    {
        (state.Gram, state.GramByColumn) = (sums.Gram, sums.GramByColumn);
        (state.ProposedGram, state.ProposedGramByColumn) = ([], []);
        for (var k = 0; k < state.K; k++)
        {
            state.Factors[k].CrossProduct = sums.Cross[k];
            state.Factors[k].SumSecond = sums.SumSecond[k];
            state.Factors[k].SumSecondByColumn = sums.SumSecondByColumn?[k];
        }
    }

    // Between the steps of a sequential sweep.
    private void KeepProposedSums(Sums sums)
    {
        (state.ProposedGram, state.ProposedGramByColumn) = (sums.Gram, sums.GramByColumn);
        foreach (var k in state.Active)
        {
            state.Factors[k].ProposedCrossProduct = sums.Cross[k];
            state.Factors[k].ProposedSumSecond = sums.SumSecond[k];
            state.Factors[k].ProposedSumSecondByColumn = sums.SumSecondByColumn?[k];
        }
    }

    private void GrowSums()
    {
        if (!KeepsSums)
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
        if (!ByColumn)
        {
            return;
        }

        var byColumn = new double[checked(Columns * k * k)];
        for (var ja = 0; ja < Columns * old; ja++)
        {
            state.GramByColumn.AsSpan(ja * old, old).CopyTo(byColumn.AsSpan((((ja / int.Max(1, old)) * k) + (ja % int.Max(1, old))) * k));
        }

        state.GramByColumn = byColumn;
    }

    private void KeepSums(int[] keep)
    {
        if (!KeepsSums)
        {
            return;
        }

        var (k, old) = (keep.Length, state.K);
        state.Gram = [.. keep.SelectMany(a => keep.Select(b => state.Gram[(a * old) + b]))];
        if (ByColumn)
        {
            var byColumn = new double[Columns * k * k];
            for (var j = 0; j < Columns; j++)
            {
                for (var a = 0; a < k; a++)
                {
                    for (var b = 0; b < k; b++)
                    {
                        byColumn[(((j * k) + a) * k) + b] = state.GramByColumn[(((j * old) + keep[a]) * old) + keep[b]];
                    }
                }
            }

            state.GramByColumn = byColumn;
        }
    }
}
