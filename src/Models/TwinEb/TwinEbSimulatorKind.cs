using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>Data of known truth for twineb: see <see cref="TwinEbSimulator"/>.</summary>
internal sealed class TwinEbSimulatorKind : SimulatorKind
{
    private const int MostComponents = 10_000;

    private static readonly TwinEbSimulationOptions D = new();

    private static readonly SpecField<int> Factors = new("factors", SpecTypes.Count(1, 1024), D.Factors)
    {
        Flag = "--factors",
        Help = "factors",
    };

    private static readonly SpecField<double?> Rate = new("rate", SpecTypes.Number(1e-6, TwinEbSimulator.LargestRate).Optional(), null)
    {
        Flag = "--rate",
        Help = "the mean count, instead of a density",
        DefaultWords = "1",
    };

    private static readonly SpecField<double?> Density = new("density", SpecTypes.Number(1e-6, 0.999).Optional(), null)
    {
        Flag = "--density",
        Help = "share of counts that are not zero",
    };

    private static readonly SpecField<int?> RowComponents = new("rowComponents", SpecTypes.Count(1, MostComponents).Optional(), null)
    {
        Flag = "--row-components",
        Help = "components of the rows' mixture",
        DefaultWords = "15, at most the rows",
        Check = s => TooMany(s.Get(RowComponents!), s.Get(SimulationFields.Rows)),
    };

    private static readonly SpecField<int?> ColumnComponents = new("columnComponents", SpecTypes.Count(1, MostComponents).Optional(), null)
    {
        Flag = "--column-components",
        Help = "components of the columns' mixture",
        DefaultWords = "20, at most the columns",
        Check = s => TooMany(s.Get(ColumnComponents!), s.Get(SimulationFields.Columns)),
    };

    private static readonly SpecField<double?> Dispersion = new("dispersion", SpecTypes.Number(0.01, 1e6).Optional(), null)
    {
        Flag = "--dispersion",
        Help = "a of the Gamma(a, a) number, mean 1, that each count's rate is multiplied by",
    };

    /// <inheritdoc/>
    public override SpecTable Fields { get; } = new(
        "twineb", SimulationFields.Rows, SimulationFields.Columns, Factors, Rate, Density, RowComponents, ColumnComponents, Dispersion,
        SimulationFields.Seed);

    /// <inheritdoc/>
    public override bool DrawsCounts(SpecSection options) => true;

    /// <inheritdoc/>
    public override void Check(SpecSection options, ProblemList problems)
    {
        if (options.Has(Rate) && options.Has(Density))
        {
            problems.Add("simulate: --rate and --density both say how large counts are: give one of them");
        }
    }

    /// <inheritdoc/>
    public override string InsteadOf(string flag) =>
        flag == "--sparse" ? ", whose data are counts: give their --density or --rate" : base.InsteadOf(flag);

    /// <inheritdoc/>
    public override ISimulator Create(SpecSection options)
    {
        var (rows, columns) = (options.Get(SimulationFields.Rows), options.Get(SimulationFields.Columns));
        return new TwinEbSimulator(new TwinEbSimulationOptions
        {
            Rows = rows,
            Columns = columns,
            Factors = options.Get(Factors),
            RowComponents = options.Get(RowComponents) ?? (int)long.Min(rows, D.RowComponents),
            ColumnComponents = options.Get(ColumnComponents) ?? int.Min(columns, D.ColumnComponents),
            Rate = options.Get(Rate),
            Density = options.Get(Density),
            Dispersion = options.Get(Dispersion),
            Seed = (ulong)options.Get(SimulationFields.Seed),
        });
    }

    private static string? TooMany(int? components, long entities) =>
        components > entities ? FormattableString.Invariant(
            $"must be a whole number from 1 to {long.Min(entities, MostComponents)}") : null;
}
