namespace FitCluster.Engine.Tests.Simulated;

public sealed class SimulatedEngineConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) => new Harness(store);

    private sealed class Harness : EngineHarness
    {
        private readonly SimulatedEngine _engine;

        public Harness(ICheckpointStore store) =>
            _engine = new SimulatedEngine(store, seed: 1, failed: (address, error) => Failures.Enqueue((address, error)));

        public override IEngine Engine => _engine;

        public override int Parallelism => 1;

        public override ValueTask<bool> RunUntil(Func<bool> condition, TimeSpan timeout) =>
            ValueTask.FromResult(_engine.RunUntil(condition, _engine.Now + timeout));
    }
}
