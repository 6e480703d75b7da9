//! What each operation does, and what undoes it.

use vivarium_protocol::ids::ObjectId;

use super::{Refusal, Scene};
use crate::{
    check::{self, At, Sums, Together},
    document::{Material, Object, Properties},
    limits::{BLUEPRINTS_MAX, MATERIALS_MAX, OBJECTS_MAX, PARENTS_MAX},
    operation::{Operation, PLACEHOLDERS, Property},
};

type Done = Result<Operation, Refusal>;

pub(super) fn apply(scene: &mut Scene, operation: Operation) -> Done {
    match operation {
        Operation::Create { object, value } => scene.create(object, *value),
        Operation::Duplicate { object, of } => {
            let mut value = scene.objects.get(&of).ok_or(Refusal::NoObject(of))?.clone();
            value.name = None;
            value.locked = false;
            scene.create(object, value)
        }
        Operation::Delete { object } => scene.delete(object),
        Operation::Place { object, position_m, rotation, scale } => {
            let before = scene.change(object, |now| {
                now.position_m = position_m;
                now.rotation = rotation;
                now.scale = scale;
            })?;
            let Object { position_m, rotation, scale, .. } = before;
            Ok(Operation::Place { object, position_m, rotation, scale })
        }
        Operation::Reparent { object, parent } => {
            let parent = scene.change(object, |now| now.parent = parent)?.parent;
            Ok(Operation::Reparent { object, parent })
        }
        Operation::Rename { object, name } => {
            let name = scene.change(object, |now| now.name = name)?.name;
            Ok(Operation::Rename { object, name })
        }
        Operation::Lock { object, locked } => {
            let locked = scene.change(object, |now| now.locked = locked)?.locked;
            Ok(Operation::Lock { object, locked })
        }
        Operation::Rebase { object, blueprint } => {
            let blueprint = scene.change(object, |now| now.blueprint = blueprint)?.blueprint;
            Ok(Operation::Rebase { object, blueprint })
        }
        Operation::Set { object, property } => {
            let mut before = None;
            scene.change(object, |now| {
                before = Some(property.exchange(&mut now.properties));
            })?;
            let property = before.expect("a change that was made was asked for");
            Ok(Operation::Set { object, property })
        }
        Operation::Material { name, value } => scene.set_material(name, value),
        Operation::Blueprint { name, value } => scene.set_blueprint(name, value.map(|made| *made)),
        Operation::SetBlueprint { name, property } => scene.change_blueprint(name, property),
        Operation::Settings(settings) => {
            check::settings(At::Whole.field("settings"), &settings)?;
            let before = std::mem::replace(&mut scene.head.settings, settings);
            Ok(Operation::Settings(before))
        }
        Operation::Environment(environment) => {
            check::environment(At::Whole.field("environment"), &environment)?;
            let before = std::mem::replace(&mut scene.head.environment, environment);
            Ok(Operation::Environment(before))
        }
        Operation::Title { title, description } => {
            check::title(&title, &description)?;
            let title = std::mem::replace(&mut scene.head.title, title);
            let description = std::mem::replace(&mut scene.head.description, description);
            Ok(Operation::Title { title, description })
        }
        Operation::Permission { account, name, from, to } => {
            // Who may do what is known elsewhere: here it is only a word that can be taken back.
            check::permission(&account, &name, from, to)?;
            Ok(Operation::Permission { account, name, from: to, to: from })
        }
    }
}

impl Scene {
    fn create(&mut self, id: ObjectId, mut object: Object) -> Done {
        let at = At::Whole.field("objects");
        if self.objects.contains_key(&id) || id.0 >= PLACEHOLDERS {
            return Err(Refusal::IdTaken(id));
        }
        at.require(
            self.objects.len() < OBJECTS_MAX,
            format_args!("too many: a world may have {OBJECTS_MAX}"),
        )?;
        // It is the key.
        object.id = None;
        self.check(id, &object)?;
        let sums = self.sums.plus(self.weight(&object));
        sums.check(At::Whole.field("objects").entry(id.0 as usize))?;
        self.sums = sums;
        self.enlist(id, object);
        self.next_object = self.next_object.max(id.0 + 1);
        Ok(Operation::Delete { object: id })
    }

    fn delete(&mut self, id: ObjectId) -> Done {
        let object = self.objects.get(&id).ok_or(Refusal::NoObject(id))?;
        if self.children.contains_key(&id) {
            return Err(Refusal::HasChildren(id));
        }
        let sums = self.sums.minus(self.weight(object));
        if sums.spawns == 0 {
            return Err(Refusal::LastSpawn);
        }
        self.sums = sums;
        let value = Box::new(self.delist(id).expect("it was found above"));
        Ok(Operation::Create { object: id, value })
    }

    /// Changes one object, or nothing; gives the object as it was before.
    fn change(&mut self, id: ObjectId, act: impl FnOnce(&mut Object)) -> Result<Object, Refusal> {
        let before = self.objects.get(&id).ok_or(Refusal::NoObject(id))?;
        let mut after = before.clone();
        act(&mut after);
        self.check(id, &after)?;
        let sums = self.sums.minus(self.weight(before)).plus(self.weight(&after));
        if sums.spawns == 0 {
            return Err(Refusal::LastSpawn);
        }
        sums.check(At::Whole.field("objects").entry(id.0 as usize))?;
        self.sums = sums;
        let before = self.delist(id).expect("it was found above");
        self.enlist(id, after);
        Ok(before)
    }

    /// Whether an object may be as it is, beside everything else.
    fn check(&self, id: ObjectId, object: &Object) -> Result<(), Refusal> {
        let at = At::Whole.field("objects");
        let at = at.entry(id.0 as usize);
        if let Some(name) = &object.name {
            check::object_name(at.field("name"), name)?;
            if let Some(other) = self.names.get(name).filter(|other| **other != id) {
                let text = format_args!("objects[{}] has this name already", other.0);
                at.field("name").fault(text)?;
            }
        }
        if let Some(name) = &object.blueprint {
            at.field("blueprint").require(
                self.head.blueprints.contains_key(name),
                format_args!("there is no blueprint {name:?} in `blueprints`"),
            )?;
        }
        let before = self.objects.get(&id).and_then(|before| before.parent);
        if let Some(parent) = object.parent
            && before != Some(parent)
        {
            self.check_parents(id, parent)?;
        }
        check::properties(at.field("properties"), &object.properties, &self.head.materials)?;
        Ok(check::object(at, object, self.base(object))?)
    }

    fn check_parents(&self, id: ObjectId, parent: ObjectId) -> Result<(), Refusal> {
        let mut above = Some(parent);
        let mut count = 0;
        while let Some(next) = above
            && count < PARENTS_MAX
        {
            if next == id {
                return Err(Refusal::Cycle(id));
            }
            above = self.objects.get(&next).ok_or(Refusal::NoObject(next))?.parent;
            count += 1;
        }
        // What is below comes along.
        let fits = above.is_none() && count + self.height(id) - 1 <= PARENTS_MAX;
        let at = At::Whole.field("objects");
        let deep = format_args!("too deep: at most {PARENTS_MAX} objects above one another");
        Ok(at.entry(id.0 as usize).field("parent").require(fits, deep)?)
    }

    fn set_material(&mut self, name: String, value: Option<Material>) -> Done {
        let at = At::Whole.field("materials");
        let materials = &mut self.head.materials;
        let before = match value {
            Some(value) => {
                check::key(at.field(&name), &name)?;
                check::material(at.field(&name), &value)?;
                at.require(
                    materials.len() < MATERIALS_MAX || materials.contains_key(&name),
                    format_args!("too many: a world may have {MATERIALS_MAX}"),
                )?;
                materials.insert(name.clone(), value)
            }
            None => {
                if let Some(uses) = self.material_uses.get(&name) {
                    let by = format!("by {uses} visuals");
                    return Err(Refusal::InUse { what: "material", name, by });
                }
                materials.remove(&name)
            }
        };
        Ok(Operation::Material { name, value: before })
    }

    fn set_blueprint(&mut self, name: String, value: Option<Properties>) -> Done {
        let at = At::Whole.field("blueprints");
        let Some(value) = value else {
            if let Some(instances) = self.instances.get(&name) {
                let by = format!("by {} objects", instances.len());
                return Err(Refusal::InUse { what: "blueprint", name, by });
            }
            let before = self.head.blueprints.remove(&name);
            if let Some(before) = &before {
                self.use_materials(before, -1);
            }
            return Ok(Operation::Blueprint { name, value: before.map(Box::new) });
        };
        check::key(at.field(&name), &name)?;
        check::properties(at.field(&name), &value, &self.head.materials)?;
        let blueprints = &self.head.blueprints;
        at.require(
            blueprints.len() < BLUEPRINTS_MAX || blueprints.contains_key(&name),
            format_args!("too many: a world may have {BLUEPRINTS_MAX}"),
        )?;
        let sums = self.sums_with(&name, &value)?;
        if sums.spawns == 0 {
            return Err(Refusal::LastSpawn);
        }
        self.sums = sums;
        self.use_materials(&value, 1);
        let before = self.head.blueprints.insert(name.clone(), value);
        if let Some(before) = &before {
            self.use_materials(before, -1);
        }
        Ok(Operation::Blueprint { name, value: before.map(Box::new) })
    }

    fn change_blueprint(&mut self, name: String, property: Property) -> Done {
        let before = self.head.blueprints.get(&name);
        let mut after = before.cloned().ok_or_else(|| Refusal::NoBlueprint(name.clone()))?;
        let property = property.exchange(&mut after);
        self.set_blueprint(name.clone(), Some(after))?;
        Ok(Operation::SetBlueprint { name, property })
    }

    /// The sums of the world with another blueprint of that name, if every instance may take it.
    fn sums_with(&self, name: &str, blueprint: &Properties) -> Result<Sums, Refusal> {
        let mut sums = self.sums;
        let all = At::Whole.field("objects");
        for id in self.instances(name) {
            let at = all.entry(id.0 as usize);
            let object = self.objects.get(&id).expect("only objects are instances");
            check::object(at, object, Some(blueprint))?;
            let after = Together { at, own: &object.properties, base: Some(blueprint) };
            sums = sums.minus(self.weight(object)).plus(Sums::of(&after));
            sums.check(at)?;
        }
        Ok(sums)
    }
}
