namespace FitCluster.Engine.Tests.InProcess;

public sealed class InProcessEngineConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) => new Harness(store, parallelism);

    private sealed class Harness : EngineHarness
    {
        private readonly InProcessEngine _engine;

        public Harness(ICheckpointStore store, int parallelism)
        {
            Parallelism = parallelism;
            _engine = new InProcessEngine(store, parallelism, (address, error) => Failures.Enqueue((address, error)));
        }

        public override IEngine Engine => _engine;

        public override int Parallelism { get; }
    }
}
