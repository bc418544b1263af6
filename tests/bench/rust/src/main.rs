//! The commands of `tests/bench/plugin.py` in Rust, written as the crate's own documentation has it.

use nu_plugin::{EngineInterface, EvaluatedCall, MsgPackSerializer, Plugin, PluginCommand, serve_plugin};
use nu_protocol::{
    ByteStream, ByteStreamType, IntoInterruptiblePipelineData, LabeledError, PipelineData, Signals, Signature,
    Span, SyntaxShape, Type, Value, record,
};

const CHUNK: usize = 1 << 16;
const NOTHINGS: usize = 16;

struct Bench;

impl Plugin for Bench {
    fn version(&self) -> String {
        "0".into()
    }

    fn commands(&self) -> Vec<Box<dyn PluginCommand<Plugin = Self>>> {
        let mut commands: Vec<Box<dyn PluginCommand<Plugin = Self>>> = vec![
            Box::new(Rows),
            Box::new(Total),
            Box::new(Bytes),
            Box::new(Length),
        ];
        commands.extend((0..NOTHINGS).map(|number| -> Box<dyn PluginCommand<Plugin = Self>> {
            Box::new(Nothing(match number {
                0 => "rust nothing".into(),
                _ => format!("rust nothing-{number}"),
            }))
        }));
        commands
    }
}

struct Nothing(String);

impl PluginCommand for Nothing {
    type Plugin = Bench;

    fn name(&self) -> &str {
        &self.0
    }

    fn description(&self) -> &str {
        "Do nothing."
    }

    fn signature(&self) -> Signature {
        Signature::build(self.name())
    }

    fn run(
        &self,
        _: &Bench,
        _: &EngineInterface,
        _: &EvaluatedCall,
        _: PipelineData,
    ) -> Result<PipelineData, LabeledError> {
        Ok(PipelineData::empty())
    }
}

struct Rows;

impl PluginCommand for Rows {
    type Plugin = Bench;

    fn name(&self) -> &str {
        "rust rows"
    }

    fn description(&self) -> &str {
        "Give so many rows, one by one."
    }

    fn signature(&self) -> Signature {
        Signature::build(self.name()).required("count", SyntaxShape::Int, "how many")
    }

    fn run(
        &self,
        _: &Bench,
        engine: &EngineInterface,
        call: &EvaluatedCall,
        _: PipelineData,
    ) -> Result<PipelineData, LabeledError> {
        let (count, head): (i64, _) = (call.req(0)?, call.head);
        let rows = (0..count).map(move |number| row(number, head));
        Ok(rows.into_pipeline_data(head, engine.signals().clone()))
    }
}

fn row(number: i64, span: Span) -> Value {
    Value::record(
        record! {
            "number" => Value::int(number, span),
            "name" => Value::string(format!("row {number}"), span),
            "size" => Value::filesize(number * 1000, span),
            "even" => Value::bool(number % 2 == 0, span),
        },
        span,
    )
}

struct Total;

impl PluginCommand for Total {
    type Plugin = Bench;

    fn name(&self) -> &str {
        "rust total"
    }

    fn description(&self) -> &str {
        "Add up the column `number`."
    }

    fn signature(&self) -> Signature {
        Signature::build(self.name()).input_output_type(Type::Any, Type::Int)
    }

    fn run(
        &self,
        _: &Bench,
        _: &EngineInterface,
        call: &EvaluatedCall,
        input: PipelineData,
    ) -> Result<PipelineData, LabeledError> {
        let mut total = 0;
        for row in input {
            total += row.as_record()?.get("number").map_or(Ok(0), Value::as_int)?;
        }
        Ok(PipelineData::value(Value::int(total, call.head), None))
    }
}

struct Bytes;

impl PluginCommand for Bytes {
    type Plugin = Bench;

    fn name(&self) -> &str {
        "rust bytes"
    }

    fn description(&self) -> &str {
        "Give so many bytes, in chunks."
    }

    fn signature(&self) -> Signature {
        Signature::build(self.name()).required("count", SyntaxShape::Int, "how many")
    }

    fn run(
        &self,
        _: &Bench,
        _: &EngineInterface,
        call: &EvaluatedCall,
        _: PipelineData,
    ) -> Result<PipelineData, LabeledError> {
        let count = call.req::<i64>(0)? as usize;
        let chunk: Vec<u8> = (0..CHUNK).map(|index| index as u8).collect();
        let chunks = (0..count)
            .step_by(CHUNK)
            .map(move |sent| chunk[..CHUNK.min(count - sent)].to_vec());
        let stream = ByteStream::from_iter(chunks, call.head, Signals::empty(), ByteStreamType::Binary);
        Ok(PipelineData::byte_stream(stream, None))
    }
}

struct Length;

impl PluginCommand for Length {
    type Plugin = Bench;

    fn name(&self) -> &str {
        "rust length"
    }

    fn description(&self) -> &str {
        "Count the bytes."
    }

    fn signature(&self) -> Signature {
        Signature::build(self.name()).input_output_type(Type::Any, Type::Int)
    }

    fn run(
        &self,
        _: &Bench,
        _: &EngineInterface,
        call: &EvaluatedCall,
        input: PipelineData,
    ) -> Result<PipelineData, LabeledError> {
        let mut length = 0;
        if let PipelineData::ByteStream(stream, _) = input
            && let Some(chunks) = stream.chunks()
        {
            for chunk in chunks {
                length += match chunk? {
                    Value::Binary { val, .. } => val.len(),
                    Value::String { val, .. } => val.len(),
                    other => return Err(LabeledError::new("expected bytes").with_label("here", other.span())),
                };
            }
        }
        Ok(PipelineData::value(Value::int(length as i64, call.head), None))
    }
}

fn main() {
    serve_plugin(&Bench, MsgPackSerializer {})
}
