namespace FitCluster.Bench;

/// <summary>
/// TwinEB's priors on MovieLens 100K by the paper's protocol: rows held out, ratings above 1 as ones, 15 factors, 70 and 100 components.
/// </summary>
internal static class TwinEbMl100kPart
{
    private const int Seeds = 3;
    private const int Factors = 15;

    public static Table Run()
    {
        var table = new Table("twineb-ml100k", "TwinEB's priors on MovieLens 100K, protocol strong", TwinEbFits.Columns(Seeds));
        var data = Path.Combine("..", "shared", "data", "ml-100k", "ratings.csv.gz");
        if (!File.Exists(data))
        {
            table.Note($"not measured: {data} is not here.");
            return table;
        }

        Add("twin", ["prior=twin", "rowComponents=70", "columnComponents=100"]);
        Add("single", ["prior=single"]);
        foreach (var (row, column) in new[] { (0.1, 0.01), (0.1, 0.2), (0.1, 1.0), (0.1, 10.0), (1.0, 0.1) })
        {
            Add(TwinEbFits.FixedName(row, column), TwinEbFits.Fixed(row, column));
        }

        table.Note($"ratings above 1 are ones, all else zeros, as the published code has it (`binarize: 1`); L = {Factors}, K_r = 70, " +
            $"K_c = 100, M = 500; one split for all (`splitSeed: 1`), seeds 1 to {Seeds}; Gamma(shape, rate).");
        table.Note("held-out log-likelihood a cell; validation: cells of training rows, zeros included; test: non-zeros of held-out " +
            "rows. The two are on different scales. A prior is chosen by validation.");
        table.Note("seconds: of the whole process of `fitcluster fit twineb --threads 1` (start of .NET, reading the file, the fit, " +
            "scoring with M draws, writing the results), mean over seeds.");
        table.Note("the published code on ML-100K reached a test score of -2.48, with 8 factors, one particle, 2,000 steps, on its own " +
            "split; its step at 15 factors costs 195 ms with twin, 119 with single, 104 with a fixed prior: 2,000 steps are 390, 238 " +
            "and 208 CPU s (docs/design/reference-figures.md, section 4).");
        return table;

        void Add(string name, string[] prior) =>
            table.AddRow(TwinEbFits.Cells(name,
                TwinEbFits.Run(Seeds, data, Factors, ["binarize=1", "protocol=strong", "splitSeed=1", "heldOutSamples=500", .. prior])));
    }
}
