using System.Globalization;
using FitCluster.Math.Numerics;

namespace FitCluster.Models.Tests;

/// <summary>Small data of two factors and noise, in files of any columns' order.</summary>
internal static class TestMatrix
{
    /// <summary>l1 f1 + l2 f2 + noise, sparse loadings; the same entries however many rows and columns are asked for.</summary>
    public static double Entry(int row, int column) =>
        (Normal(1, row) * Normal(2, column)) + (Normal(3, row) * Normal(4, column)) + (0.3 * Philox.Normal(5, (ulong)row, (ulong)column));

    /// <summary>A count with a mean of two groups of rows and of columns.</summary>
    public static double Count(int row, int column) =>
        double.Floor((row % 2 == column % 2 ? 6 : 2) * Philox.Uniform(6, (ulong)row, (ulong)column));

    /// <summary>Writes rows and columns by their numbers; a value that is NaN is missing.</summary>
    public static string Csv(Scratch scratch, string name, IEnumerable<int> rows, IEnumerable<int> columns, Func<int, int, double> entry)
    {
        int[] chosen = [.. columns];
        var lines = new List<string> { "name," + string.Join(',', chosen.Select(j => $"c{j}")) };
        lines.AddRange(rows.Select(i => $"r{i}," + string.Join(',', chosen.Select(j => Text(entry(i, j))))));
        return scratch.File(name, string.Join('\n', lines) + "\n");
    }

    private static string Text(double value) => double.IsNaN(value) ? "NA" : value.ToString("R", CultureInfo.InvariantCulture);

    private static double Normal(ulong key, int index) => index % 3 == 0 ? 0 : 2 * Philox.Normal(key, (ulong)index, 0);
}
