using FitCluster.Math.Numerics;

namespace FitCluster.Models.Tests.Nb;

/// <summary>Small counts in files.</summary>
internal static class NbFiles
{
    /// <summary>A count of a mean between 2 and 12 that differs by gene.</summary>
    public static double Count(int row, int column) =>
        double.Floor((4 + (4 * (column % 3))) * Philox.Uniform(11, (ulong)row, (ulong)column)) + (row % 5 == column % 5 ? 1 : 0);

    /// <summary>Counts of rows r0, r1, ... and columns c0, c1, ...</summary>
    public static string Csv(Scratch scratch, int rows = 24, int columns = 6, string name = "counts.csv") =>
        TestMatrix.Csv(scratch, name, Enumerable.Range(0, rows), Enumerable.Range(0, columns), Count);

    /// <summary>A table of a word for each row.</summary>
    public static string Table(Scratch scratch, string name, int rows, Func<int, string> word, string header = "") =>
        scratch.File(name, header + string.Concat(Enumerable.Range(0, rows).Select(i => $"r{i}\t{word(i)}\n")));
}
