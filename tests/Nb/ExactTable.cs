using System.Globalization;

namespace FitCluster.Nb.Tests;

/// <summary>Rows of numbers of a file beside the tests (Exact/*.csv), computed to 60 digits; its first line says what they are.</summary>
internal static class ExactTable
{
    public static double[][] Read(string name) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Exact", name)).Where(line => line[0] != '#')
            .Select(line => line.Split(',').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray()),
    ];
}
