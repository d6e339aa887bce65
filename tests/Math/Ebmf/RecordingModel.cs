using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>
/// An EBMF model that writes down which transitions a fit takes, and checks that its state is all there is: read and written again it is
/// the same.
/// </summary>
internal sealed class RecordingModel(EbmfOptions options, int endAfter = int.MaxValue) : IFitModel
{
    private readonly EbmfModel _model = new(options);
    private readonly EbmfProblem _problem = new(options);
    private readonly List<EbmfStage> _stages = [];
    private int _rounds;

    public List<Transition> Taken { get; } = [];

    /// <summary>The round, from 1 on, after which the fit was at a stage for the first time.</summary>
    public int RoundOf(EbmfStage stage) => _stages.IndexOf(stage) + 1;

    public string Name => _model.Name;

    public ArraySet InitialGlobal() => _model.InitialGlobal();

    public ArraySet InitialShard(ShardData data) => _model.InitialShard(data);

    public ArraySet Broadcast(ArraySet global) => _model.Broadcast(global);

    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard) => _model.Local(broadcast, data, shard);

    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var state = EbmfState.Read(++_rounds == endAfter ? _model.EndEarly(global) : global);
        Taken.AddRange(EbmfUpdate.Apply(_problem, state, partial));
        _stages.Add(state.Stage);
        var written = state.Write();
        var again = EbmfState.Read(written).Write();
        Assert.Equal(written.Select(a => a.Name), again.Select(a => a.Name));
        Assert.All(written, a => Assert.True(a.Values.AsSpan().SequenceEqual(again[a.Name]), a.Name));
        return written;
    }

    public RoundReport Report(ArraySet global) => _model.Report(global);

    public ArraySet EndEarly(ArraySet global) => _model.EndEarly(global);

    public ArraySet ShardResult(ShardData data, ArraySet shard) => _model.ShardResult(data, shard);

    public ArraySet GlobalResult(ArraySet global) => _model.GlobalResult(global);
}
