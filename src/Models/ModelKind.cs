using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models;

/// <summary>
/// A kind of model: everything that the program must know of it besides its mathematics. All kinds stand in one list,
/// <see cref="ModelKinds"/>; no verb, actor or node names one. Stateless and thread-safe.
/// </summary>
public abstract class ModelKind
{
    /// <summary>Its name in a spec and on the command line.</summary>
    public string Name => Fields.Name;

    /// <summary>What it is, in a line without full stop.</summary>
    public abstract string Summary { get; }

    /// <summary>Its options.</summary>
    public abstract SpecTable Fields { get; }

    /// <summary>Whether it knows datasets (data.datasets); default no.</summary>
    public virtual bool KnowsDatasets => false;

    /// <summary>The arrays that its results may have, by name without ending; what --fresh deletes.</summary>
    public abstract IReadOnlyList<string> ResultArrays { get; }

    /// <summary>Other files that its results may have.</summary>
    public virtual IReadOnlyList<string> OtherResults => [];

    /// <summary>What can be done with a finished fit: the capabilities that <see cref="Open"/> returns an object of.</summary>
    public virtual IReadOnlyList<Type> Offers => [];

    /// <summary>Whether a job may start from a finished fit (<see cref="ModelRequest.From"/>); default no.</summary>
    public virtual bool StartsFromFits => false;

    /// <summary>Its simulator; null where it has none.</summary>
    public virtual SimulatorKind? Simulator => null;

    /// <summary>Its tour; null where it has none.</summary>
    public virtual IModelDemo? Demo => null;

    /// <summary>What the data must be for these options.</summary>
    public virtual DataNeeds Needs(SpecSection section) => DataNeeds.None;

    /// <summary>Decides what depends on the data, and checks the options against them.</summary>
    /// <exception cref="ProblemException">The options do not fit the data; every problem is listed.</exception>
    public abstract ModelJob Prepare(ModelRequest request);

    /// <summary>What can be done with a finished fit: an object of every capability in <see cref="Offers"/>.</summary>
    public virtual object? Open(FinishedFit fit) => null;

    /// <summary>Its sections of a report.</summary>
    public virtual IEnumerable<ReportSection> Report(FinishedFit fit) => [];
}
