using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>
/// Who writes the results of a simulated fit: a little later, from the store, which may be away or have damaged them; and who may be killed
/// before that, which the user makes good by asking again.
/// </summary>
internal sealed class SimulatedResults(SimulatedEngine engine, FaultyStore store, Watch watch, SplitMix random, SimulatedFaults faults)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Loads a part, as the product's loader does; the store may be away.</summary>
    public ArraySet Load(LoadPart part) => engine.IsFaulty && random.Chance(faults.StoreFails)
        ? throw new ResultPartException("the store is away (simulated)", isDamaged: false)
        : store.LoadResult(part);

    public void WriteSoon(JobName job, FitOutcome outcome)
    {
        if (!engine.IsFaulty || !random.Chance(0.1))
        {
            engine.At(engine.Now + random.NextTime(TimeSpan.Zero, Longest), () => Write(job, outcome));
        }
    }

    private void Write(JobName job, FitOutcome outcome)
    {
        if (watch.Outcome is not null || watch.IsSuperseded(outcome))
        {
            return;
        }

        try
        {
            watch.Read(outcome);
        }
        catch (ResultPartException error) when (error.IsDamaged)
        {
            engine.Tell(ShardAddress.OfCoordinator(job), new CollectAgain(job, outcome.Attempt, error.Message));
        }
        catch (ResultPartException)
        {
            WriteSoon(job, outcome);
        }
    }
}
