using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>States of another form are refused by name, by both optimizers, at the coordinator and at a shard.</summary>
public class TwinEbStateFormatTests
{
    public static TheoryData<bool, string> States => new()
    {
        { false, "twineb-conjugate" },
        { true, "twineb-reference" },
    };

    [Theory]
    [MemberData(nameof(States))]
    public void A_state_of_another_number_is_refused_by_name(bool isReference, string name)
    {
        var (model, shards) = Model(isReference);
        var (global, shard) = (model.InitialGlobal(), model.InitialShard(shards[0]));
        var number = isReference ? 2 : 4;
        Assert.Equal((name, number), (model.GlobalFormat!.Name, model.GlobalFormat.Number));
        Assert.Equal((name + "-shard", isReference ? 1 : 2), (model.ShardFormat!.Name, model.ShardFormat.Number));
        model.GlobalFormat.Check(global);
        model.ShardFormat.Check(shard);
        var broadcast = model.Broadcast(global);
        var partial = model.Local(broadcast, shards[0], shard);

        global["format " + name][0] = 7;
        foreach (var action in new Action[] { () => model.Update(global, partial), () =>
            model.Broadcast(global), () => model.Report(global), () => model.EndEarly(global), () => model.GlobalResult(global) })
        {
            Assert.StartsWith($"the checkpoint's state of {name} is of form 7, and this program reads form {number}",
                Assert.Throws<StateFormatException>(action).Message, StringComparison.Ordinal);
        }

        shard[$"format {name}-shard"][0] = 9;
        foreach (var action in new Action[] { () => model.Local(broadcast, shards[0], shard), () => model.ShardResult(shards[0], shard) })
        {
            Assert.StartsWith($"the checkpoint's state of {name}-shard is of form 9, and this program reads form {(isReference ? 1 : 2)}",
                Assert.Throws<StateFormatException>(action).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public void A_state_of_before_forms_had_numbers_and_one_of_the_other_optimizer_are_refused(bool isReference, string name)
    {
        var (model, shards) = Model(isReference);
        var old = new ArraySet().Set("scalars", new double[40]).Set("phase", 1.0);
        Assert.StartsWith($"the checkpoint's state of {name} is of an older form",
            Assert.Throws<StateFormatException>(() => model.Report(old)).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            $"the checkpoint's state of {name}-shard is of an older form",
            Assert.Throws<StateFormatException>(() => model.ShardResult(shards[0], old)).Message, StringComparison.Ordinal);
        var (other, _) = Model(!isReference);
        Assert.Contains($"where one of '{name}' was expected",
            Assert.Throws<StateFormatException>(() => model.Report(other.InitialGlobal())).Message, StringComparison.Ordinal);
    }

    private static (IFitModel Model, ShardData[] Shards) Model(bool isReference)
    {
        var options = ReferenceProblem.Options(30, 8, TwinEbLikelihood.Poisson);
        IFitModel model = isReference
            ? new TwinEbReferenceModel(options)
            : new TwinEbConjugateModel(options with { Optimizer = TwinEbOptimizer.Default });
        return (model, ReferenceProblem.Make(1, 30, 8, TwinEbLikelihood.Poisson, heldOutRows: 5));
    }
}
