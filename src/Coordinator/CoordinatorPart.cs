using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>
/// The coordinator's own part of a checkpoint (shard -1): the global state, and all that a coordinator on another node needs to go on
/// with empty hands. Texts are stored as arrays of UTF-16 code units, so that a part is an <see cref="ArraySet"/> like any other.
/// </summary>
internal sealed record CoordinatorPart(
    StartJob Start, ArraySet Global, IReadOnlyList<TraceLine> Trace, bool EndedEarly, string EndedEarlyReason, double Seconds,
    FitStatus Status, string Reason)
{
    /// <summary>With <see cref="EndedEarly"/>: where the limit was reached.</summary>
    public ResumePoint? Limit { get; init; }

    /// <summary>The shard id under which the part is stored.</summary>
    public static readonly ShardId Id = new(-1);

    private const string GlobalPrefix = "global.";
    private const double Version = 2;

    public ArraySet Encode()
    {
        var phases = Trace.Select(line => line.Phase).Distinct(StringComparer.Ordinal).ToList();
        var phaseIndex = phases.Select((phase, index) => (phase, index)).ToDictionary(p => p.phase, p => p.index, StringComparer.Ordinal);
        var set = new ArraySet()
            .Set("version", Version)
            .Set("shards", Start.Shards)
            .Set("spec", Units(Start.Spec))
            .Set("specHash", Units(Start.SpecHash))
            .Set("dataHash", Units(Start.DataHash))
            .Set("endedEarly", EndedEarly ? 1 : 0)
            .Set("endedEarlyReason", Units(EndedEarlyReason))
            .Set("seconds", Seconds)
            .Set("status", (double)Status)
            .Set("reason", Units(Reason))
            .Set("phases", Units(string.Join('\n', phases)))
            .Set("tracePhases", [.. Trace.Select(line => (double)phaseIndex[line.Phase])])
            .Set("traceRounds", [.. Trace.Select(line => (double)line.Round.Value)])
            .Set("traceObjectives", [.. Trace.Select(line => line.Objective)]);
        if (Limit is { } limit)
        {
            set.Set("limitRound", limit.Round.Value).Set("limitSeconds", limit.Seconds);
        }

        foreach (var array in Global)
        {
            set.Set(new NamedArray(GlobalPrefix + array.Name, array.Values, array.Shape, array.Reduction));
        }

        return set;
    }

    /// <exception cref="InvalidDataException">The part was written by a program this one does not understand.</exception>
    public static CoordinatorPart Decode(JobName job, ArraySet set)
    {
        if (!set.Contains("version") || set.Scalar("version") != Version)
        {
            throw new InvalidDataException(
                $"the coordinator's part of a checkpoint of job {job} is not of version {Version}: resume it with the program " +
                "that wrote it");
        }

        var global = new ArraySet();
        foreach (var array in set.Where(a => a.Name.StartsWith(GlobalPrefix, StringComparison.Ordinal)))
        {
            // A store within this process may hand out its own arrays, and a model's update may share what it does not change.
            global.Set(new NamedArray(array.Name[GlobalPrefix.Length..], (double[])array.Values.Clone(), array.Shape, array.Reduction));
        }

        var phases = Text(set["phases"]).Split('\n');
        var (rounds, phaseIndices, objectives) = (set["traceRounds"], set["tracePhases"], set["traceObjectives"]);
        var trace = rounds.Select((round, i) => new TraceLine(new Round((long)round), phases[(int)phaseIndices[i]], objectives[i]))
            .ToList();
        var start = new StartJob(job, Text(set["spec"]), Text(set["specHash"]), Text(set["dataHash"]), (int)set.Scalar("shards"));
        var isEnded = set.Scalar("endedEarly") == 1;
        return new CoordinatorPart(
            start, global, trace, isEnded, Text(set["endedEarlyReason"]), set.Scalar("seconds"),
            (FitStatus)set.Scalar("status"), Text(set["reason"]))
        {
            Limit = isEnded ? new ResumePoint(new Round((long)set.Scalar("limitRound")), set.Scalar("limitSeconds")) : null,
        };
    }

    private static double[] Units(string text) => [.. text.Select(unit => (double)unit)];

    private static string Text(double[] units) => new([.. units.Select(unit => (char)unit)]);
}
