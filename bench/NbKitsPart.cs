using System.Globalization;
using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.Numerics;

namespace FitCluster.Bench;

/// <summary>
/// The same cells by two kits of unlike capture, a twentieth of whose genes truly differ: how far a joint fit under each hierarchy, and two
/// fits of their own, take the others for different.
/// </summary>
internal static class NbKitsPart
{
    private const int Seeds = 10;
    private const int Cells = 1000;
    private const double Threshold = 0.2;
    private static readonly string[] s_fits = ["horseshoe (default)", "gaussian", "neg", "separate fits"];

    public static Table Run()
    {
        var table = new Table("nb-kits", "Two kits, capture 0.10 and 0.25", "means across datasets", "null RMSE", "true RMSE", "calls",
            "false", "power", $"calls beyond {Threshold}", "false", "false share, mean (most)", "power, mean (least)", "CPU s");
        var scores = s_fits.ToDictionary(name => name, _ => new List<Score>());
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var folder = BenchFiles.Fresh($"kits-{seed}");
            Must("simulate", "nb", "--out", folder, "--seed", $"{seed}", "--rows", $"{Cells}", "--columns", "2000", "--datasets", "2",
                "--captures", "0.1,0.25", "--format", "npy");
            foreach (var name in s_fits)
            {
                scores[name].Add(name == s_fits[^1] ? Separate(folder) : Joint(folder, name.Split(' ')[0]));
            }
        }

        foreach (var name in s_fits)
        {
            var of = scores[name];
            string Mean(Func<Score, double> value, string format) => of.Average(value).ToString(format, CultureInfo.InvariantCulture);
            string Number(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
            table.AddRow(name, Mean(s => s.NullRmse, "F3"), Mean(s => s.TrueRmse, "F3"), Mean(s => s.All.Count, "F0"),
                Mean(s => s.All.False, "F0"), Mean(s => s.All.Power, "F3"), Mean(s => s.Beyond.Count, "F0"),
                Mean(s => s.Beyond.False, "F1"),
                $"{Mean(s => s.Beyond.FalseShare, "F3")} ({Number(of.Max(s => s.Beyond.FalseShare))})",
                $"{Mean(s => s.Beyond.Power, "F3")} ({Number(of.Min(s => s.Beyond.Power))})", Mean(s => s.CpuSeconds, "F1"));
        }

        table.Note(
            $"means of {Seeds} seeds: {Cells} cells x 2,000 genes (`simulate nb --rows {Cells} --columns 2000 --datasets 2 --captures " +
            "0.1,0.25 --seed S`: 5 % of the genes differ, by a factor of e up or down); `fit nb` with capture anchored at the largest " +
            "total, `compare` with the median as reference; called: lfsr < 0.05, of any difference and of one beyond " +
            $"{Threshold}. Separate fits: of each kit alone, differences of the posteriors' log means less their median.");
        return table;
    }

    private static Score Joint(string folder, string family)
    {
        var fit = Path.Combine(folder, family);
        var (spec, table) = (fit + ".yaml", fit + ".tsv");
        File.WriteAllLines(spec,
        [
            "model: nb", $"data: {{path: '{Path.Combine(folder, "data.npy")}', datasets: '{Path.Combine(folder, "datasets.tsv")}'}}",
            $"nb: {{priors: {{mean: {{datasets: {family}}}}}}}", $"out: '{fit}'",
        ]);
        var seconds = Must("fit", spec, "--threads", "1", "--progress", "none");
        Must("compare", fit, "--a", "dataset2", "--b", "dataset1", "--threshold", $"{Threshold}", "--out", table);
        var rows = File.ReadAllLines(table);
        var at = rows[0].Split('\t');
        double[] Column(string name) =>
            [.. rows[1..].Select(row => double.Parse(row.Split('\t')[Array.IndexOf(at, name)], CultureInfo.InvariantCulture))];
        return Judge(folder, Column("lfc"), Column("lfsr"), Column("lfsr_beyond"), null, seconds);
    }

    private static Score Separate(string folder)
    {
        var data = DenseArray.Read(Path.Combine(folder, "data.npy"));
        var genes = data.Columns;
        var datasets = File.ReadAllLines(Path.Combine(folder, "datasets.tsv"))[^Cells..].Select(line => line.Split('\t')[1]).ToArray();
        int[][] cells = [.. Enumerable.Range(1, 2).Select(
            kit => Enumerable.Range(0, Cells).Where(c => datasets[c] == $"dataset{kit}").ToArray())];
        // A gene that one kit never saw has no mean there.
        var kept = Enumerable.Range(0, genes).Where(g => cells.All(own => own.Any(c => data.Values[(c * genes) + g] > 0))).ToArray();
        var (seconds, means, variances) = (0.0, new double[2][], new double[2][]);
        for (var kit = 0; kit < 2; kit++)
        {
            var (path, fit) = (Path.Combine(folder, $"kit{kit}.npy"), Path.Combine(folder, $"kit{kit}"));
            double[] counts = [.. cells[kit].SelectMany(c => kept.Select(g => data.Values[(c * genes) + g]))];
            NpyWriter.Write(path, counts, cells[kit].Length, kept.Length);
            seconds += Must("fit", "nb", "--data", path, "--out", fit, "--threads", "1", "--progress", "none");
            double[] Of(string name) => DenseArray.Read(Path.Combine(fit, name + ".npy")).Values;

            // Log-normal, as the exp link has it.
            variances[kit] = [.. Of("mean_mean").Zip(Of("mean_sd"), (m, sd) => double.Log(1 + (sd * sd / (m * m))))];
            means[kit] = [.. Of("mean_mean").Zip(variances[kit], (m, v) => double.Log(m) - (v / 2))];
        }

        double[] lfc = [.. means[1].Zip(means[0], (a, b) => a - b)];
        var median = lfc.Order().ElementAt(lfc.Length / 2);
        lfc = [.. lfc.Select(d => d - median)];
        double[] sd = [.. variances[0].Zip(variances[1], (a, b) => double.Sqrt(a + b))];
        double[] Rates(double beyond) => [.. lfc.Zip(sd, (d, s) => NormalDistribution.Cdf(-(double.Abs(d) - beyond) / s))];
        return Judge(folder, lfc, Rates(0), Rates(Threshold), kept, seconds);
    }

    private static Score Judge(string folder, double[] lfc, double[] rates, double[] beyond, int[]? kept, double seconds)
    {
        double[] Truth(string name)
        {
            var values = DenseArray.Read(Path.Combine(folder, $"truth_{name}.npy")).Values;
            return kept is null ? values : [.. values.Chunk(2000).SelectMany(row => kept.Select(g => row[g]))];
        }

        var (differs, effects) = (Truth("differs"), Truth("effect"));
        double Rmse(bool isTrue) => double.Sqrt(Enumerable.Range(0, lfc.Length).Where(g => differs[g] > 0 == isTrue).Average(
            g => double.Pow(lfc[g] - (effects[lfc.Length + g] - effects[g]), 2)));
        Calls Count(double[] of)
        {
            var called = Enumerable.Range(0, of.Length).Where(g => of[g] < 0.05).ToArray();
            var right = called.Count(g => differs[g] > 0);
            return new Calls(called.Length, called.Length - right, right / differs.Sum());
        }

        return new Score(Rmse(false), Rmse(true), Count(rates), Count(beyond), seconds);
    }

    private static double Must(params string[] arguments) =>
        Clock.Run(BenchFiles.Program, arguments).Expect(string.Join(' ', arguments)).CpuSeconds;

    private sealed record Calls(int Count, int False, double Power)
    {
        public double FalseShare => False / double.Max(1, Count);
    }

    private sealed record Score(double NullRmse, double TrueRmse, Calls All, Calls Beyond, double CpuSeconds);
}
