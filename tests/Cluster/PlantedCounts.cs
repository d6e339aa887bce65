using System.Globalization;
using System.Text;

namespace FitCluster.Cluster.Tests;

/// <summary>Counts of three kinds of rows that prefer their own third of the columns.</summary>
internal static class PlantedCounts
{
    private const int Columns = 150;

    public static void Write(string path, int rows)
    {
        var lines = new List<string>();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                var hash = unchecked((uint)((i * 2_654_435_761L) ^ (j * 40_503L * (i + 7)))) % 1000;
                var rate = i % 3 == j * 3 / Columns ? 400 : 60;
                if (hash < rate)
                {
                    lines.Add(string.Create(CultureInfo.InvariantCulture, $"{i + 1} {j + 1} {1 + (hash % 3)}"));
                }
            }
        }

        var text = new StringBuilder("%%MatrixMarket matrix coordinate real general\n").AppendLine(
            CultureInfo.InvariantCulture, $"{rows} {Columns} {lines.Count}");
        File.WriteAllText(path, text + string.Join('\n', lines) + "\n");
    }
}
