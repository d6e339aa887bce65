using System.Globalization;
using FitCluster.Data;
using FitCluster.Math.Numerics;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Jobs;

/// <summary>Refuses data that are not what a model needs.</summary>
internal static class DataCheck
{
    /// <exception cref="ProblemException">They are not; the entry is named.</exception>
    public static void Check(DataNeeds needs, DataSpec spec, MatrixSource data)
    {
        var path = DataUrl.Show(spec.Path);
        if (needs.StoredZeros is { } who && data.IsSparse && data.Unstored == UnstoredEntries.Zero)
        {
            throw ProblemException.BadInput(
                $"'{path}' is sparse, and {who} would have to store its zeros: say data.missing: zeros, so that zeros are missing, or " +
                "give dense data");
        }

        if (needs.NonZero is { } nonZero && data.Facts.NonZeroCount == 0)
        {
            throw ProblemException.BadInput(
                $"'{path}' has no entry above 0, and of zeros alone {nonZero} has nothing to fit: give data with counts" +
                (spec.Rows is null && spec.Columns is null ? "" : ", or another selection of rows and columns"));
        }

        if (needs.Counts is { } counting && (data.Facts.FirstNegative ?? data.Facts.FirstNonInteger) is { } entry)
        {
            var line = spec.Paths.Count == 0 &&
                MatrixSource.LineOf(DataOpener.Resolve(spec.Path), DataOpener.ToOptions(spec), entry) is { } found
                ? $"{found}: "
                : "";
            var others = data.Facts.NegativeCount + data.Facts.NonIntegerCount - 1;
            var cell = $"row '{data.RowNames[(int)entry.Row]}', column '{data.ColumnNames[entry.Column]}'";
            throw ProblemException.BadInput(string.Create(
                CultureInfo.InvariantCulture,
                $"'{path}', {line}{entry.Value} in {cell} (and in {others} more such entries) is no count, but {counting} needs counts, " +
                $"whole numbers from 0{CountsLook.Words(data)}: give counts without a transform{needs.CountsHint}"));
        }
    }
}
