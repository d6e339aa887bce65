using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The Poisson model's state of no model: E v_jl = (mean of column j over its training cells) / L, and every u_il = 1, by a prior of rows
/// that is a point. It stands in for a fit whose validation cells are predicted worse than by the means of their columns
/// (docs/twineb-default.md, "Beside no model"): results, predictions and projections of it are those of any fit.
/// </summary>
internal static class ConjugateColumnMeans
{
    /// <summary>
    /// The shape of the rows' prior, for each count that a row can have: data move u by no more than one in so many. It is large enough for
    /// draws whose variances are spread by the greatest of <see cref="ConjugateSettings.Spreads"/> to be 1 to a thousandth still.
    /// </summary>
    private const double RowShape = 1e12;

    /// <summary>
    /// Cells of the overall mean that columns count in addition. A column without a training cell has that mean, as in the means to which
    /// the fit is compared; to others it adds less than a millionth of it.
    /// </summary>
    private const double PriorCells = 1e-6;

    /// <summary>Columns and priors; rows are to start at their prior's mean.</summary>
    /// <param name="state">The state, with sums and averages of the columns.</param>
    /// <param name="likelihood">The Poisson model.</param>
    /// <param name="options">The options.</param>
    public static void Start(StateSet<ConjugateField> state, ConjugatePoisson likelihood, TwinEbOptions options)
    {
        var (columns, factors) = (options.Columns, options.Factors);
        var (sums, averages) = (state[ConjugateKeys.ColumnSums], state[ConjugateKeys.ColumnAverages]);
        var (counts, rates) = (new double[columns * factors], new double[columns * factors]);
        for (var j = 0; j < columns; j++)
        {
            // A column of zeros has as many cells as there are rows, or fewer: of 0 that is no matter.
            var cells = averages[j] == 0 ? state[ConjugateField.TrainingRows] : sums[j] / averages[j];
            counts.AsSpan(j * factors, factors).Fill(sums[j] / factors);
            rates.AsSpan(j * factors, factors).Fill(cells);
        }

        var overall = state[ConjugateField.Sum] / double.Max(state[ConjugateField.Cells], 1);
        var shape = RowShape * (1 + (state[ConjugateField.Sum] / double.Max(1, state[ConjugateField.TrainingRows])));
        ConjugateGammaPrior.One(factors, shape, shape).Write(state.Arrays, ConjugateKeys.RowPrior);
        ConjugateGammaPrior.One(factors, PriorCells * overall / factors, PriorCells).Write(state.Arrays, ConjugateKeys.ColumnPrior);
        state.Put(ConjugateKeys.ColumnCounts, counts, [columns, factors]);
        state.Put(ConjugateKeys.ColumnRates, rates, [columns, factors]);
        state.Arrays.Set(ConjugateKeys.ColumnSpread, 1).Set(ConjugateKeys.ColumnPower, 1).Set(ConjugateKeys.RowLevel, 1);
        likelihood.Parameters.Take(likelihood.Columns(state.Arrays, 0, columns), state.Arrays);
    }
}
