using FitCluster.Models.Spec;

namespace FitCluster.Models.Simulation;

/// <summary>The simulator of a kind of model: its options, and what makes it. Stateless.</summary>
public abstract class SimulatorKind
{
    /// <summary>Its options; each has a flag of the command line.</summary>
    public abstract SpecTable Fields { get; }

    /// <summary>Whether what it draws are counts, of which zeros need not be stored; default no.</summary>
    public virtual bool DrawsCounts(SpecSection options) => false;

    /// <summary>Makes it.</summary>
    /// <exception cref="ProblemException">The options cannot be met.</exception>
    public abstract ISimulator Create(SpecSection options);

    /// <summary>Notes what is wrong with several options together.</summary>
    public virtual void Check(SpecSection options, ProblemList problems)
    {
    }

    /// <summary>What follows "has no effect with the model M", of another model's option.</summary>
    public virtual string InsteadOf(string flag) => ": remove it";
}
