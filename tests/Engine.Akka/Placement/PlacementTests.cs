using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>Where actors go, and which go elsewhere.</summary>
public sealed class PlacementTests
{
    private const string Kind = ShardAddress.Kind;

    private static ActorAddress Actor(int id, string kind = Kind) => new(kind, FormattableString.Invariant($"{id}"));

    private static PlacementNode Node(
        string name, int capacity, IEnumerable<ActorAddress>? actors = null, bool coordinator = false,
        Func<ActorAddress, bool>? serves = null) =>
        new(name, coordinator, [.. actors ?? []], _ => capacity, serves ?? (_ => true));

    [Fact]
    public void An_actor_goes_where_it_is_emptiest_and_never_above_a_capacity()
    {
        var nodes = new[] { Node("a", 2, [Actor(1)]), Node("b", 8, [Actor(2), Actor(3)]), Node("c", 0) };
        Assert.Equal("b", Placement.Choose(Actor(9), nodes, isEven: true)!.Name);
        Assert.Null(Placement.Choose(Actor(9), [Node("a", 1, [Actor(1)]), Node("c", 0)], isEven: true));
    }

    [Fact]
    public void A_coordinator_goes_beside_shardings_own_only_when_there_is_no_other_place()
    {
        var (own, full, free) = (Node("a", 9, coordinator: true), Node("b", 1, [Actor(1, "fit")]), Node("c", 2, [Actor(2, "fit")]));
        Assert.Equal("c", Placement.Choose(Actor(9, "fit"), [own, full, free], isEven: false)!.Name);
        Assert.Equal("a", Placement.Choose(Actor(9, "fit"), [own, full], isEven: false)!.Name);
        Assert.Equal("a", Placement.Choose(Actor(9), [own, free], isEven: true)!.Name);
    }

    [Fact]
    public void A_node_that_cannot_serve_is_taken_only_when_no_other_has_room()
    {
        var (blind, full) = (Node("a", 9, serves: _ => false), Node("b", 1, [Actor(1)]));
        Assert.Equal("c", Placement.Choose(Actor(9), [blind, full, Node("c", 2, [Actor(2)])], isEven: true)!.Name);
        Assert.Equal("a", Placement.Choose(Actor(9), [blind, full], isEven: true)!.Name);
    }

    [Fact]
    public void Only_as_many_stranded_actors_move_as_others_have_room_for()
    {
        // All of them at once would come back to where they cannot be served, and go again: for ever.
        var blind = Node("a", 9, Enumerable.Range(0, 6).Select(i => Actor(i)), serves: _ => false);
        Assert.Equal(2, Placement.Moves([blind, Node("b", 3, [Actor(9)])], Kind).Count);
        Assert.Empty(Placement.Moves([blind, Node("b", 1, [Actor(9)])], Kind));
    }

    [Fact]
    public void Rebalancing_comes_to_rest_near_even_and_never_goes_above_a_capacity()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var capacities = Enumerable.Range(0, random.Next(2, 7)).Select(_ => random.Next(0, 20)).ToArray();
            var blind = Enumerable.Range(0, capacities.Length).Select(_ => random.Next(4) == 0 ? random.Next(1, 4) : 0).ToArray();
            var there = capacities.Select(_ => new List<ActorAddress>()).ToArray();
            for (var i = 0; i < random.Next(0, capacities.Sum() + 1); i++)
            {
                var free = Enumerable.Range(0, capacities.Length).Where(n => there[n].Count < capacities[n]).ToList();
                there[free[random.Next(free.Count)]].Add(Actor(i));
            }

            var all = there.Sum(actors => actors.Count);
            bool Serves(int node, ActorAddress actor) =>
                blind[node] == 0 || int.Parse(actor.Id, System.Globalization.CultureInfo.InvariantCulture) % (blind[node] + 1) != 0;
            PlacementNode[] Nodes() => [.. there.Select((actors, n) => Node(
                FormattableString.Invariant($"{n}"), capacities[n], actors, serves: actor => Serves(n, actor)))];
            var steps = 0;
            for (var moves = Placement.Moves(Nodes(), Kind); moves.Count > 0; moves = Placement.Moves(Nodes(), Kind))
            {
                Assert.True(++steps <= 40, $"seed {seed}: after {steps} times it still moves");
                Assert.True(moves.Distinct().Count() == moves.Count, $"seed {seed}: an actor is moved twice");
                if (blind.All(b => b == 0))
                {
                    var most = there.Max(actors => actors.Count);
                    Assert.True(moves.Count <= int.Max(1, most / 2), $"seed {seed}: {moves.Count} of {most} are moved at once");
                }

                Array.ForEach(there, actors => actors.RemoveAll(moves.Contains));
                foreach (var actor in moves)
                {
                    var to = Placement.Choose(actor, Nodes(), isEven: true);
                    Assert.True(to is not null, $"seed {seed}: {actor} has no place any more");
                    there[int.Parse(to.Name, System.Globalization.CultureInfo.InvariantCulture)].Add(actor);
                }
            }

            Assert.Equal(all, there.Sum(actors => actors.Count));
            for (var n = 0; n < capacities.Length; n++)
            {
                var share = (double)all * capacities[n] / int.Max(1, capacities.Sum());
                Assert.True(there[n].Count <= capacities[n], $"seed {seed}: node {n} has {there[n].Count} of {capacities[n]}");
                Assert.True(
                    blind.Any(b => b > 0) || there[n].Count < share + 2,
                    $"seed {seed}: node {n} has {there[n].Count}, its share is {share:F1}");
            }
        }
    }
}
