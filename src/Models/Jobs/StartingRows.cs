using FitCluster.Data;
using FitCluster.Models.Results;

namespace FitCluster.Models.Jobs;

/// <summary>
/// The rows of data among those of the finished fit that a job starts from, matched by name. Rows that the data do not have are left out.
/// </summary>
/// <param name="from">The fit.</param>
/// <param name="names">The rows of the data.</param>
internal sealed class StartingRows(FinishedFit from, IReadOnlyList<string> names)
{
    private readonly bool _areSame = from.Rows.Equal(names);

    /// <summary>
    /// The numbers of a shard's rows in an array of the fit, as wide as it is; NaN for a row that the fit does not have, or several of the
    /// name.
    /// </summary>
    public double[] Of(double[] array, int width, ShardRange range)
    {
        var values = new double[checked(range.Count * width)];
        for (var i = 0; i < range.Count; i++)
        {
            var row = (int)range.First + i;
            var to = values.AsSpan(i * width, width);
            if ((_areSame ? row : from.Rows.TryFind(names[row])) is { } at)
            {
                array.AsSpan(at * width, width).CopyTo(to);
            }
            else
            {
                to.Fill(double.NaN);
            }
        }

        return values;
    }
}
