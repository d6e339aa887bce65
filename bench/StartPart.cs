namespace FitCluster.Bench;

/// <summary>What the start of the program costs: CPU seconds of whole processes that have next to nothing to compute.</summary>
internal static class StartPart
{
    private const int Repeats = 7;
    private const double Wanted = 0.35;

    public static Table Run()
    {
        var table = new Table("start", "CPU seconds of processes that compute next to nothing");
        Measure(table, "`--version`", double.NaN, () => ["--version"]);
        foreach (var model in (string[])["ebmf", "twineb"])
        {
            var data = BenchFiles.Fresh($"start-{model}");
            Run(["simulate", model, "--rows", "100", "--columns", "20", "--factors", "2", "--out", data]);
            Measure(
                table, $"`fit {model}` of 100 x 20", Wanted,
                () => ["fit", model, "--data", data, "--factors", "3", "--progress", "none", "--out", BenchFiles.Fresh("start-fit")]);
        }

        table.Note($"ours: CPU seconds, user and system, of the whole process: the least of {Repeats}; the ratio is to the {Wanted} s " +
            "that are asked for.");
        return table;
    }

    private static void Measure(Table table, string what, double wanted, Func<string[]> arguments)
    {
        var least = Enumerable.Range(0, Repeats).Min(_ => Run(arguments()));
        table.Add(double.IsNaN(wanted)
            ? new Line(what, Figures.Text(least))
            : new Line(what, Figures.Text(least), $"{Figures.Text(wanted)} asked for", least / wanted, 1));
    }

    private static double Run(string[] arguments)
    {
        var run = Clock.Run(BenchFiles.Program, arguments);
        return run.ExitCode == 0 ? run.CpuSeconds : throw new InvalidOperationException($"{arguments[0]}: {run.Error}");
    }
}
