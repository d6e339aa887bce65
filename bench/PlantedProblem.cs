using System.Globalization;
using FitCluster.Math.Numerics;

namespace FitCluster.Bench;

/// <summary>
/// A data set of <see cref="PlantedCounts"/> as files, with a split that takes cells evenly, zeros as others: 20 % of the
/// cells of training rows are validation cells; of the cells of held-out rows 30 % are tested and 60 % of the others
/// ignored. And the score of the true rates on both.
/// </summary>
internal sealed record PlantedProblem(string Data, string Split, double TrueValidation, double TrueTest, int Stored)
{
    private const ulong SplitStream = 50;

    public static PlantedProblem Make(
        ulong seed, int rows, int columns, int factors, int rowComponents, int columnComponents, int heldOutFrom, double meanCount)
    {
        var planted = new PlantedCounts(seed, rows, columns, factors, rowComponents, columnComponents, meanCount, evenFactors: false);
        var split = Directory.CreateDirectory(BenchFiles.Fresh($"planted-{seed}-split")).FullName;
        var (values, stored, starts) = (new List<double>(), new List<int>(), new long[rows + 1]);
        var (score, cells) = (new double[2], new int[2]);
        using (var rowFile = new StreamWriter(Path.Combine(split, "split_rows.tsv")))
        using (var cellFile = new StreamWriter(Path.Combine(split, "split_cells.tsv")))
        {
            rowFile.Write("row\trole\n");
            cellFile.Write("row\tcolumn\tkind\n");
            for (var i = 0; i < rows; i++)
            {
                var held = i >= heldOutFrom;
                rowFile.Write(string.Create(CultureInfo.InvariantCulture, $"r{i + 1}\t{(held ? "heldOut" : "training")}\n"));
                for (var j = 0; j < columns; j++)
                {
                    var cell = (i * columns) + j;
                    var (count, u) = (planted.Counts[cell], Philox.Uniform(seed, SplitStream, (ulong)cell));
                    if (count > 0)
                    {
                        values.Add(count);
                        stored.Add(j);
                    }

                    var kind = held ? u < 0.3 ? "test" : u < 0.72 ? "ignored" : null : u < 0.2 ? "validation" : null;
                    if (kind is not null)
                    {
                        cellFile.Write(string.Create(CultureInfo.InvariantCulture, $"r{i + 1}\tc{j + 1}\t{kind}\n"));
                    }

                    if (kind is "test" or "validation")
                    {
                        var side = held ? 1 : 0;
                        score[side] += (count * double.Log(planted.Rates[cell])) - planted.Rates[cell] - LogFactorial(count);
                        cells[side]++;
                    }
                }

                starts[i + 1] = values.Count;
            }
        }

        var data = Path.Combine(BenchFiles.Folder, $"planted-{seed}.npz");
        BenchFiles.WriteCsr(data, rows, columns, ([.. values], [.. stored], starts));
        return new PlantedProblem(data, split, score[0] / cells[0], score[1] / cells[1], values.Count);
    }

    private static double LogFactorial(double count)
    {
        var sum = 0.0;
        for (var x = 2; x <= count; x++)
        {
            sum += double.Log(x);
        }

        return sum;
    }
}
