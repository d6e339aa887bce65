using FitCluster.Models.Ebmf;
using FitCluster.Models.Spec;
using FitCluster.Models.TwinEb;


namespace FitCluster.Models.Simulation;

/// <summary>Turns the options of <c>simulate</c> into a simulator, and notes everything that is wrong with them.</summary>
internal static class SimulationReader
{
    public static readonly string[] Formats = ["csv", "mtx", "npy", "store"];

    private const string EbmfModel = "ebmf";
    private static readonly string[] EbmfFields = ["noise", "loadingsDensity", "factorsDensity", "missing"];
    private static readonly string[] TwinEbFields = ["rate", "rowComponents", "columnComponents"];

    /// <summary>What makes the simulator, once nothing is wrong; and the format of the data.</summary>
    public static (Func<ISimulator> Create, string Format) Read(string model, bool sparse, SpecOverrides overrides, ProblemList problems)
    {
        var root = new MapNode([], new Origin("command line", 0));
        overrides.ApplyTo(root, problems);
        var section = new SectionReader(root, "", problems);
        foreach (var field in model == EbmfModel ? TwinEbFields : EbmfFields)
        {
            if (section.Node(field) is not null)
            {
                section.Wrong(field, $"has no effect with the model {model}: remove it");
            }
        }

        if (model != EbmfModel)
        {
            if (sparse)
            {
                problems.Add($"simulate: --sparse has no effect with the model {model}, whose data are counts: give their --density or --rate");
            }

            var twin = ReadTwinEb(section, problems);
            return (() => new TwinEbSimulator(twin), Format(section, counts: true));
        }

        var options = ReadEbmf(section, sparse, problems);
        return (() => new EbmfSimulator(options), Format(section, sparse));
    }

    private static string Format(SectionReader section, bool counts) => section.Choice("format", Formats) is { } at ? Formats[at] : counts ? "mtx" : "npy";

    private static TwinEbSimulationOptions ReadTwinEb(SectionReader section, ProblemList problems)
    {
        var shape = new TwinEbSimulationOptions();
        var rows = section.Integer("rows", 1, int.MaxValue) ?? shape.Rows;
        var columns = (int?)section.Integer("columns", 2, 1 << 24) ?? shape.Columns;
        if (section.Node("rate") is not null && section.Node("density") is not null)
        {
            problems.Add("simulate: --rate and --density both say how large counts are: give one of them");
        }

        return new TwinEbSimulationOptions
        {
            Rows = rows,
            Columns = columns,
            Factors = (int?)section.Integer("factors", 1, 1024) ?? shape.Factors,
            RowComponents = (int)(section.Integer("rowComponents", 1, long.Min(rows, 10_000)) ?? long.Min(rows, shape.RowComponents)),
            ColumnComponents = (int)(section.Integer("columnComponents", 1, long.Min(columns, 10_000)) ?? long.Min(columns, shape.ColumnComponents)),
            Rate = section.Node("rate") is null ? null : section.Number("rate", 1e-6, TwinEbSimulator.LargestRate),
            Density = section.Node("density") is null ? null : section.Number("density", 1e-6, 0.999),
            Seed = (ulong?)section.Integer("seed", 0, long.MaxValue) ?? shape.Seed,
        };
    }

    private static SimulationOptions ReadEbmf(SectionReader section, bool sparse, ProblemList problems)
    {
        var options = new SimulationOptions
        {
            Rows = section.Integer("rows", 1, int.MaxValue) ?? 1000,
            Columns = (int?)section.Integer("columns", 2, 1 << 24) ?? 200,
            Factors = (int?)section.Integer("factors", 1, 10_000) ?? 5,
            Noise = section.Positive("noise") ?? 1,
            LoadingsDensity = Share(section, "loadingsDensity") ?? 0.3,
            FactorsDensity = Share(section, "factorsDensity") ?? 0.5,
            Missing = Share(section, "missing") ?? 0,
            Sparse = sparse,
            Density = Share(section, "density") ?? 0.1,
            Seed = (ulong?)section.Integer("seed", 0, long.MaxValue) ?? 1,
        };
        if (!sparse && section.Node("density") is not null)
        {
            section.Wrong("density", "has no effect without --sparse: remove it");
        }

        if (sparse && section.Node("noise") is not null)
        {
            section.Wrong("noise", "has no effect with --sparse, whose counts are Poisson: remove it");
        }

        if (options.Factors > long.Min(options.Rows, options.Columns))
        {
            problems.Add($"simulate: {options.Factors} factors are more than a matrix of {options.Rows} x {options.Columns} can have");
        }

        if (sparse && options.Missing > 0)
        {
            problems.Add("simulate: --missing has no effect with --sparse, where what is not stored is zero: remove one of them");
        }

        return options;
    }

    private static double? Share(SectionReader section, string key)
    {
        var value = section.Text(key) == "0" ? 0 : section.Positive(key);
        if (value >= 1 && key is "missing" or "density" || value > 1)
        {
            section.Wrong(key, "must be below 1");
        }

        return value;
    }
}
