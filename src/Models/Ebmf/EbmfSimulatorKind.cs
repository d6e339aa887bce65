using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>Data of known truth for EBMF: see <see cref="EbmfSimulator"/>.</summary>
internal sealed class EbmfSimulatorKind : SimulatorKind
{
    private static readonly SimulationOptions D = new();

    private static readonly SpecField<int> Factors = new(
        "factors", SpecTypes.Count(1, 10_000), D.Factors)
    { Flag = "--factors", Help = "factors" };

    private static readonly SpecField<bool> Sparse = new("sparse", SpecTypes.Flag, D.Sparse)
    {
        Flag = "--sparse",
        IsSwitch = true,
        Help = "counts, most of them zero, instead of dense data",
    };

    private static readonly SpecField<double> Noise = new("noise", SpecTypes.Positive, D.Noise)
    {
        Flag = "--noise",
        Help = "standard deviation of the noise of dense data",
        WithoutEffect = s => s.Get(Sparse) ? "has no effect with --sparse, whose counts are Poisson: remove it" : null,
    };

    private static readonly SpecField<double> LoadingsDensity = new(
        "loadingsDensity", SimulationFields.Share(mayBeOne: true), D.LoadingsDensity)
    {
        Flag = "--loadings-density",
        Help = "share of loadings that are not zero",
    };

    private static readonly SpecField<double> FactorsDensity = new(
        "factorsDensity", SimulationFields.Share(mayBeOne: true), D.FactorsDensity)
    {
        Flag = "--factors-density",
        Help = "share of factor entries that are not zero",
    };

    private static readonly SpecField<double> Missing = new("missing", SimulationFields.Share(mayBeOne: false), D.Missing)
    {
        Flag = "--missing",
        Help = "share of entries that are missing",
    };

    private static readonly SpecField<double> Density = new("density", SimulationFields.Share(mayBeOne: false), D.Density)
    {
        Flag = "--density",
        Help = "with --sparse: share of counts that are not zero",
        WithoutEffect = s => s.Get(Sparse) ? null : "has no effect without --sparse: remove it",
    };

    /// <inheritdoc/>
    public override SpecTable Fields { get; } = new(
        "ebmf", SimulationFields.Rows, SimulationFields.Columns, Factors, Sparse, Noise, LoadingsDensity, FactorsDensity, Missing, Density,
        SimulationFields.Seed);

    /// <inheritdoc/>
    public override bool DrawsCounts(SpecSection options) => options.Get(Sparse);

    /// <inheritdoc/>
    public override void Check(SpecSection options, ProblemList problems)
    {
        var (rows, columns, factors) = (options.Get(SimulationFields.Rows), options.Get(SimulationFields.Columns), options.Get(Factors));
        if (factors > long.Min(rows, columns))
        {
            problems.Add($"simulate: {factors} factors are more than a matrix of {rows} x {columns} can have");
        }

        if (options.Get(Sparse) && options.Get(Missing) > 0)
        {
            problems.Add("simulate: --missing has no effect with --sparse, where what is not stored is zero: remove one of them");
        }
    }

    /// <inheritdoc/>
    public override ISimulator Create(SpecSection options) => new EbmfSimulator(new SimulationOptions
    {
        Rows = options.Get(SimulationFields.Rows),
        Columns = options.Get(SimulationFields.Columns),
        Factors = options.Get(Factors),
        Noise = options.Get(Noise),
        LoadingsDensity = options.Get(LoadingsDensity),
        FactorsDensity = options.Get(FactorsDensity),
        Missing = options.Get(Missing),
        Sparse = options.Get(Sparse),
        Density = options.Get(Density),
        Seed = (ulong)options.Get(SimulationFields.Seed),
    });
}
